import { describeError } from '../../base/errors.ts';
import { Analyzer } from '../../decode/analyzer.ts';
import type { DecodeSettings } from '../../decode/apps/protocol.ts';
import type { Flow } from '../../decode/flows/flow.ts';
import { linkTypes } from '../../decode/packet/link.ts';
import { isWebRequest, siteOf } from '../../rules/statistics/names.ts';
import type { ApplicationRecord } from '../../wire/traffic.ts';
import type { InspectorCounters, InspectorMessage, InspectorQuestion } from './inspector-messages.ts';
import { type FrozenPiece, PacketLog } from './packet-log.ts';
import { type CopiedPacket, type CopiedPackets, packetFlags } from './packet-ring.ts';
import { WebFlows } from './packet-selection.ts';

/** Flows followed at once; of each little is kept. */
const maxFlows = 50_000;
/** Applications that are web traffic, as the decoders call them. */
const webApplications: ReadonlySet<string> = new Set(['http', 'http2']);
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
  readonly #web = new WebFlows();
  /** Files that are being told, the first of them a piece at each look. */
  readonly #freezing: { readonly ask: number; readonly pieces: Generator<FrozenPiece> }[] = [];
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
      },
    );
  }

  /** Reads what has come; the answer is how much there was to do. `nowMs` is any clock that goes on. */
  drain(nowMs: number): number {
    const count = this.#ring.drain(this.#onPacket) + this.#freezing.length;
    this.#tellFrozen();
    if (nowMs - this.#toldMs >= tellEveryMs) {
      this.#toldMs = nowMs;
      this.#tell({ kind: 'counters', ...this.#counters() });
    }
    this.#flush();
    return count;
  }

  /** Tells the packets of a connection that are still kept, or begins to tell those that are frozen. */
  answer({ kind, ask, question }: InspectorQuestion): void {
    if (kind === 'freeze') {
      this.#ring.drain(this.#onPacket);
      this.#freezing.push({ ask, pieces: this.#log.freeze(question.from_ms, question.wanted, this.#web) });
    } else this.#tell({ kind: 'packets', ask, ...this.#log.find(question) });
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
      const flow = this.#analyzer.packet(bytes, start, end, length, linkType, timeMs, cookie, place);
      this.#log.note(flow?.id ?? -1, cookie, packet.interface, (packet.flags & packetFlags.egress) !== 0);
    } catch (thrown) {
      // A decoder never throws; if one did, it must not keep the packets behind this one from being read.
      this.#failures++;
      this.#failure = describeError(thrown).slice(0, 256);
    }
  };

  /** One piece, so that the packets that come meanwhile are not kept waiting. */
  #tellFrozen(): void {
    const first = this.#freezing[0];
    if (!first) return;
    const { ask, pieces } = first;
    const { value, done } = pieces.next();
    const piece = done ? '' : Buffer.from(value.bytes).toString('base64');
    const { packets, leftOut: left_out } = done ? { packets: 0, leftOut: 0 } : value;
    if (done) this.#freezing.shift();
    this.#tell({ kind: 'frozen', ask, piece, packets, left_out, last: done ?? false });
  }

  #tellRecord(record: ApplicationRecord, flow: Flow): void {
    if (record.type === 'http' && isWebRequest(record)) this.#web.addSite(flow.id, siteOf(record));
    this.#tell({ kind: 'record', cookies: [flow.clientCookie, flow.serverCookie], record });
  }

  #tellApplication(application: string, flow: Flow): void {
    if (flow.transport === null) return;
    if (webApplications.has(application)) this.#web.add(flow.id);
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
