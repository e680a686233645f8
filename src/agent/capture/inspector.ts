import { describeError } from '../../base/errors.ts';
import { Analyzer } from '../../decode/analyzer.ts';
import type { DecodeSettings } from '../../decode/apps/protocol.ts';
import type { Flow } from '../../decode/flows/flow.ts';
import { linkTypes } from '../../decode/packet/link.ts';
import type { ApplicationRecord } from '../../wire/traffic.ts';
import type { InspectorCounters, InspectorMessage, InspectorQuestion } from './inspector-messages.ts';
import { PacketLog } from './packet-log.ts';
import { type CopiedPacket, type CopiedPackets, packetFlags } from './packet-ring.ts';

/** Flows followed at once; of each little is kept. */
const maxFlows = 50_000;
/** How often counters are told, which says as well that it is alive. */
const tellEveryMs = 1000;

export interface InspectorOptions extends DecodeSettings {
  /** Unix milliseconds of the boot, fixed so that times do not jump against one another. */
  readonly bootEpochMs: number;
}

/**
 * Reads the packets that the kernel has copied and tells what is in them, one message a line. It holds no privilege:
 * whatever a packet does to it, it does to this process alone.
 */
export class Inspector {
  readonly #ring: CopiedPackets;
  readonly #analyzer: Analyzer;
  readonly #options: InspectorOptions;
  readonly #write: (lines: string) => void;
  readonly #log: PacketLog;
  #lines: string[] = [];
  #failures = 0;
  #failure = '';
  #toldMs = 0;

  /** `write` gets whole lines, each with its end. */
  constructor(ring: CopiedPackets, options: InspectorOptions, write: (lines: string) => void) {
    this.#ring = ring;
    this.#options = options;
    this.#write = write;
    this.#log = new PacketLog(options);
    this.#analyzer = new Analyzer(
      { mask: options.mask, ciphers: options.ciphers, sparse: true, flows: { maxFlows } },
      {
        onRecord: (record, flow) => this.#tellRecord(record, flow),
        onApplication: (application, flow) => this.#tellApplication(application, flow),
        onFlowEnd: () => {},
      },
    );
  }

  /** Reads what has come; the answer is how many packets. `nowMs` is any clock that goes on. */
  drain(nowMs: number): number {
    const count = this.#ring.drain(this.#onPacket);
    if (nowMs - this.#toldMs >= tellEveryMs) {
      this.#toldMs = nowMs;
      this.#tell({ kind: 'counters', ...this.#counters() });
    }
    this.#flush();
    return count;
  }

  /** Tells the packets of a connection that are still kept. */
  answer({ ask, ...question }: InspectorQuestion): void {
    this.#tell({ kind: 'packets', ask, ...this.#log.find(question) });
    this.#flush();
  }

  /** Tells of what is under way. */
  finish(): void {
    this.#analyzer.finish();
    this.#tell({ kind: 'counters', ...this.#counters() });
    this.#flush();
  }

  readonly #onPacket = (packet: CopiedPacket): void => {
    try {
      const linkType = packet.flags & packetFlags.network ? linkTypes.raw : linkTypes.ethernet;
      const { bytes, start, end, length, cookie, place } = packet;
      const timeMs = this.#options.bootEpochMs + packet.bootMs;
      this.#log.keep(bytes, start, end, length, linkType, timeMs);
      this.#analyzer.packet(bytes, start, end, length, linkType, timeMs, cookie, place);
    } catch (thrown) {
      // A decoder never throws; if one did, it must not keep the packets behind this one from being read.
      this.#failures++;
      this.#failure = describeError(thrown).slice(0, 256);
    }
  };

  #tellRecord(record: ApplicationRecord, flow: Flow): void {
    this.#tell({ kind: 'record', cookies: [flow.clientCookie, flow.serverCookie], record });
  }

  #tellApplication(application: string, flow: Flow): void {
    if (flow.transport === null) return;
    const { transport, src, dst, clientCookie, serverCookie } = flow;
    this.#tell({
      kind: 'application',
      cookies: [clientCookie, serverCookie],
      transport,
      src,
      dst,
      application,
    });
  }

  #counters(): InspectorCounters {
    const { packets, malformed, flows } = this.#analyzer.counters;
    return {
      packets,
      malformed,
      flows,
      evicted: this.#analyzer.evicted,
      failures: this.#failures,
      failure: this.#failure,
    };
  }

  #tell(message: InspectorMessage): void {
    this.#lines.push(JSON.stringify(message));
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    this.#write(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }
}
