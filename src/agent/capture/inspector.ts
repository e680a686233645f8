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
import { Twins } from './twins.ts';

/** Flows followed at once; of each little is kept. */
const maxFlows = 50_000;
/** Connections that are over are waited for no longer than it takes a last packet to be sent anew a few times. */
const ended = { closedMs: 5_000, maxClosed: 4_096 };
/** Flows of another network namespace, how many namespaces of these there may be, and after which silence one is let go. */
const maxFlowsElsewhere = 4_000;
const maxAnalyzers = 64;
const silentNamespaceMs = 10 * 60_000;
/** Applications that are web traffic, as the decoders call them. */
const webApplications: ReadonlySet<string> = new Set(['http', 'http2']);
/** Numbers of flows are made different by the number of their namespace, in the bits above those of the flow. */
const flowNumbers = 2 ** 40;
const namespaceNumbers = 2 ** 12;
/** How often counters are told, which says as well that it is alive. */
const tellEveryMs = 1000;

/** What is seen of a network namespace. */
interface Watched {
  readonly namespace: number;
  readonly analyzer: Analyzer;
  /** What is added to the numbers of its flows. */
  readonly flowBase: number;
  lastMs: number;
}

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
  /** By network namespace, so that equal addresses are told apart. */
  readonly #own: Watched;
  readonly #elsewhere = new Map<number, Watched>();
  #made = 0;
  readonly #twins = new Twins();
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
  /** Of the latest packet, Unix time, and what `drain` was told then. */
  #lastMs = 0;
  #lastSeenMs = 0;
  /** What was counted by those that are no longer there. */
  readonly #ended = { packets: 0, malformed: 0, flows: 0, evicted: 0 };

  /** `write` gets whole lines, each with its end. */
  constructor(ring: CopiedPackets, options: InspectorOptions, write: (lines: string) => void) {
    this.#ring = ring;
    this.#options = options;
    this.#write = write;
    this.#log = new PacketLog(options);
    this.#own = this.#makeWatched(0, maxFlows);
  }

  /** Reads what has come; the answer is how much there was to do. `nowMs` is any clock that goes on. */
  drain(nowMs: number): number {
    const packets = this.#ring.drain(this.#onPacket);
    if (packets > 0) this.#lastSeenMs = nowMs;
    const count = packets + this.#freezing.length;
    this.#tellFrozen();
    if (nowMs - this.#toldMs >= tellEveryMs) {
      this.#toldMs = nowMs;
      if (this.#lastMs > 0) this.#pass(this.#lastMs + nowMs - this.#lastSeenMs);
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
    this.#own.analyzer.finish();
    for (const { analyzer } of this.#elsewhere.values()) analyzer.finish();
    this.#tell({ kind: 'counters', ...this.#counters() });
    this.#flush();
  }

  readonly #onPacket = (packet: CopiedPacket): void => {
    try {
      const linkType = packet.flags & packetFlags.network ? linkTypes.raw : linkTypes.ethernet;
      const { bytes, start, end, length, cookie, place, namespace } = packet;
      const timeMs = this.#options.bootEpochMs + packet.bootMs;
      this.#log.keep(bytes, start, end, length, linkType, timeMs);
      const watched = namespace === 0 ? this.#own : this.#watchedOf(namespace);
      watched.lastMs = timeMs;
      if (timeMs > this.#lastMs) this.#lastMs = timeMs;
      const flow = watched.analyzer.packet(bytes, start, end, length, linkType, timeMs, cookie, place);
      // An index of another namespace would be taken for one of this.
      const index = namespace === 0 ? packet.interface : 0;
      const outgoing = (packet.flags & packetFlags.egress) !== 0;
      this.#log.note(flow ? flow.id + watched.flowBase : -1, cookie, index, outgoing);
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

  #makeWatched(namespace: number, flows: number): Watched {
    const { mask, ciphers } = this.#options;
    const analyzer: Analyzer = new Analyzer(
      { mask, ciphers, sparse: true, flows: { maxFlows: flows, ...ended } },
      {
        onRecord: (record, flow) => this.#tellRecord(record, flow, watched),
        onApplication: (application, flow) => this.#tellApplication(application, flow, watched),
      },
    );
    const flowBase = (this.#made++ % namespaceNumbers) * flowNumbers;
    const watched: Watched = { namespace, analyzer, flowBase, lastMs: 0 };
    return watched;
  }

  #watchedOf(namespace: number): Watched {
    let watched = this.#elsewhere.get(namespace);
    if (!watched) {
      if (this.#elsewhere.size >= maxAnalyzers) this.#endSilent(Number.POSITIVE_INFINITY);
      watched = this.#makeWatched(namespace, maxFlowsElsewhere);
      this.#elsewhere.set(namespace, watched);
    }
    return watched;
  }

  /** Lets time pass where no packet tells it, and ends what is left of namespaces that are silent. */
  #pass(timeMs: number): void {
    this.#own.analyzer.advance(timeMs);
    for (const { analyzer } of this.#elsewhere.values()) analyzer.advance(timeMs);
    this.#endSilent(timeMs - silentNamespaceMs);
  }

  /** Ends the one that is silent for longest, if it is since then. */
  #endSilent(sinceMs: number): void {
    let silent: [number, Watched] | null = null;
    for (const one of this.#elsewhere) if (!silent || one[1].lastMs < silent[1].lastMs) silent = one;
    if (!silent || silent[1].lastMs > sinceMs) return;
    const { analyzer } = silent[1];
    analyzer.finish();
    this.#elsewhere.delete(silent[0]);
    for (const name of ['packets', 'malformed', 'flows'] as const)
      this.#ended[name] += analyzer.counters[name];
    this.#ended.evicted += analyzer.evicted;
  }

  #tellRecord(record: ApplicationRecord, flow: Flow, { namespace, flowBase }: Watched): void {
    if (record.type === 'http' && isWebRequest(record)) this.#web.addSite(flow.id + flowBase, siteOf(record));
    const { counts, cookies } = this.#twins.ask(flow, namespace);
    this.#tell({ kind: 'record', cookies: [...cookies], namespace, counts, record });
  }

  #tellApplication(application: string, flow: Flow, { namespace, flowBase }: Watched): void {
    if (flow.transport === null) return;
    if (webApplications.has(application)) this.#web.add(flow.id + flowBase);
    const { transport, src, dst } = flow;
    const { cookies } = this.#twins.ask(flow, namespace);
    this.#tell({
      kind: 'application',
      cookies: [...cookies],
      namespace,
      transport,
      src,
      dst,
      application,
    });
  }

  #counters(): InspectorCounters {
    const sum = { ...this.#ended };
    for (const { analyzer } of [this.#own, ...this.#elsewhere.values()]) {
      for (const name of ['packets', 'malformed', 'flows'] as const) sum[name] += analyzer.counters[name];
      sum.evicted += analyzer.evicted;
    }
    return {
      ...sum,
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
