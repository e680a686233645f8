import { describeError } from '../../base/errors.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { ReportedConnection } from '../../wire/connection.ts';
import type { PacketsAnswer, PacketsQuestion } from '../../wire/link.ts';
import type { Losses, SensorStatus } from '../../wire/machine.ts';
import type { FreezeQuestion, InspectorCounters } from './inspector-messages.ts';
import { type FrozenFile, type InspectorCommand, InspectorProcess } from './inspector-process.ts';
import type { HookedLink } from './interface-programs.ts';
import { ConnectionJoin, type JoinListener } from './join.ts';
import { NamespacePrograms } from './namespace-programs.ts';
import { PacketPrograms } from './packet-programs.ts';
import { PacketTap } from './packet-tap.ts';
import { type InspectionScope, wholeScope } from './scope.ts';

/** How long the row of an ended connection waits for what its last packets tell: the longest way of a packet to here. */
const holdMs = 300;
/** What inspection by programs in the kernel takes. */
const fullRemedy = 'root, and Linux 5.11 or newer with BTF';
/** Rows that wait at most; past it the oldest goes as it is. */
const maxHeld = 20_000;

export interface InspectionDeps extends JoinListener {
  readonly reporter: Reporter;
  /** Where a completed row goes. */
  readonly record: (row: ReportedConnection, key: number | null) => void;
}

interface Held {
  readonly row: ReportedConnection;
  readonly key: number | null;
  readonly sinceMs: number;
}

/**
 * Inspection of traffic as the agent has it: the kernel's programs, the process that reads what they copy, and what
 * becomes of its words. Without the programs there are no messages, and all else goes on.
 */
export class Inspection {
  readonly join: ConnectionJoin;
  readonly #command: InspectorCommand | null;
  readonly #scope: InspectionScope;
  readonly #deps: InspectionDeps;
  #programs: PacketPrograms | null = null;
  #namespaces: NamespacePrograms | null = null;
  /** Where there are no programs. */
  #tap: PacketTap | null = null;
  #process: InspectorProcess | null = null;
  #reason: string | null = null;
  #counters: InspectorCounters | null = null;
  /** What former inspectors counted, of what is lost. */
  #before = { evicted: 0, failures: 0, skipped: 0 };
  #failuresTold = 0;
  #held: Held[] = [];

  /** Without a command there is no inspection, by the user's choice. */
  constructor(command: InspectorCommand | null, deps: InspectionDeps, scope = wholeScope) {
    this.#command = command;
    this.#scope = scope;
    this.#deps = deps;
    this.join = new ConnectionJoin(deps);
  }

  /** Loads the programs, or else opens a packet socket, and starts the process that reads; `status` says what works. */
  start(): void {
    const command = this.#command;
    if (!command) return;
    const { level, filter, namespaces } = this.#scope;
    const { ringBytes } = command.config;
    if (level !== 'packets') this.#attempt(() => (this.#programs = new PacketPrograms(ringBytes, filter)));
    if (!this.#programs && level !== 'full')
      this.#attempt(() => (this.#tap = new PacketTap(ringBytes, filter)));
    if (this.#programs && namespaces.length > 0)
      this.#namespaces = new NamespacePrograms(namespaces, this.#programs);
    const by = this.#programs ? 'programs' : 'socket';
    const ringFd = this.#programs?.ringFd ?? this.#tap?.fd;
    if (ringFd === undefined) return;
    if (this.#tap) this.join.findByAddresses();
    this.#process = new InspectorProcess(command, ringFd, by, this.#deps.reporter);
    this.#process.start();
  }

  /** Keeps why something cannot be: the first reason, which is that of the better way. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.#reason ??= describeError(thrown).slice(0, 256);
    }
  }

  /** Follows the interfaces and takes over what was found. `nowMs` is Unix time. */
  tick(links: () => Iterable<HookedLink>, nowMs: number): void {
    this.#programs?.follow(links());
    this.#namespaces?.follow(nowMs);
    this.#take(nowMs);
    let due = 0;
    while (due < this.#held.length && nowMs - this.#held[due].sinceMs >= holdMs) due++;
    if (due > 0) for (const held of this.#held.splice(0, due)) this.#release(held);
  }

  /** Takes the row of an ended connection and hands it on when what its packets tell has arrived. */
  complete(row: ReportedConnection, key: number | null, nowMs: number): void {
    const held = { row, key, sinceMs: nowMs };
    // Failures are shown at once.
    if (row.error !== null || !this.#process?.works) {
      this.#release(held);
      return;
    }
    this.#held.push(held);
    if (this.#held.length > maxHeld) this.#release(this.#held.shift()!);
  }

  /** Takes the programs off the interfaces, ends the inspector, and takes over its last words. */
  async stop(nowMs: number): Promise<void> {
    // First, so that what is left to be read has an end.
    this.#namespaces?.[Symbol.dispose]();
    this.#programs?.interfaces[Symbol.dispose]();
    await this.#process?.stop();
    this.#take(nowMs);
    for (const held of this.#held.splice(0)) this.#release(held);
    this.#programs?.[Symbol.dispose]();
    this.#tap?.[Symbol.dispose]();
    this.#programs = null;
    this.#namespaces = null;
    this.#tap = null;
    this.#process = null;
  }

  /** Null where the user wants none. */
  status(): SensorStatus | null {
    if (!this.#command) return null;
    const programs = this.#programs;
    const otherNamespaces =
      this.#scope.namespaces.length > 0 ? 'other network namespaces are only inspected by eBPF' : null;
    if (this.#tap)
      return {
        name: 'inspection',
        level: 'packets',
        detail: `a copy of every packet of all interfaces${this.#describeFilter()}, joined by addresses`,
        reason: this.#reason ?? otherNamespaces,
        remedy: this.#reason === null && otherNamespaces === null ? null : fullRemedy,
      };
    if (!programs)
      return {
        name: 'inspection',
        level: 'off',
        detail: 'what travels in connections is not looked at',
        reason: this.#reason,
        remedy: fullRemedy,
      };
    const failure = programs.interfaces.failure;
    const left =
      programs.interfaces.left > 0 ? `${programs.interfaces.left} interfaces more than can be watched` : null;
    const more = this.#namespaces?.left ?? 0;
    const tooMany = more > 0 ? `${more} network namespaces more than can be watched` : null;
    return {
      name: 'inspection',
      level: 'full',
      detail: `eBPF (${programs.interfaces.kind}) on ${programs.interfaces.size} interfaces${this.#describeNamespaces()}${this.#describeFilter()}`,
      reason: failure ?? left ?? this.#namespaces?.failure ?? tooMany,
      remedy: null,
    };
  }

  /** Exact counts of what was not looked at, or forgotten. */
  losses(): Losses {
    if (!this.#process) return {};
    const { lost = 0, lostRequests = 0, evicted = 0 } = this.#programs?.counters() ?? {};
    return {
      packets_not_inspected: lost + (this.#tap?.dropped ?? 0) + this.#before.skipped,
      http_requests_not_inspected: lostRequests,
      flows_seen_anew: evicted,
      flows_forgotten: this.#before.evicted + (this.#counters?.evicted ?? 0),
      packets_not_understood: this.#before.failures + (this.#counters?.failures ?? 0),
      inspector_messages: (this.#process?.refused ?? 0) + (this.#process?.overflowed ?? 0),
      inspector_restarts: this.#process?.restarts ?? 0,
    };
  }

  /** The packets of a connection that are still kept, or why there are none. */
  async packets(question: PacketsQuestion): Promise<PacketsAnswer> {
    const none = (reason: string): PacketsAnswer => ({ packets: [], left_out: 0, pcapng: '', reason });
    if (!this.#process) return none(this.#reason ?? 'inspection is switched off (--inspect)');
    return (await this.#process.ask(question)) ?? none('the inspector of packets did not answer in time');
  }

  /** Hands what is kept of some packets to `onPiece`, as parts of a capture file; else why there is none. */
  async freeze(question: FreezeQuestion, onPiece: (bytes: Buffer) => void): Promise<FrozenFile | string> {
    if (!this.#process) return this.#reason ?? 'inspection is switched off (--inspect)';
    return (await this.#process.freeze(question, onPiece)) ?? 'the inspector of packets is not at work';
  }

  /** Whether packets are being read. */
  get works(): boolean {
    return this.#process?.works ?? false;
  }

  /** Process id of the inspector, while there is one. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  #describeNamespaces(): string {
    if (!this.#namespaces) return '';
    const { size, interfaces } = this.#namespaces;
    return `, and ${interfaces} in ${size} other network namespaces`;
  }

  #describeFilter(): string {
    const { filter } = this.#scope;
    return filter ? `, of packets that match ${filter.expression.slice(0, 128)}` : '';
  }

  #take(nowMs: number): void {
    for (const message of this.#process?.take() ?? []) {
      if (message.kind === 'counters') this.#count(message);
      else {
        if (message.kind === 'ready') this.#begin(message.skipped);
        this.join.take(message, nowMs);
      }
    }
    this.join.tick(nowMs);
  }

  #begin(skipped: number): void {
    this.#before.skipped += skipped;
    this.#before.evicted += this.#counters?.evicted ?? 0;
    this.#before.failures += this.#counters?.failures ?? 0;
    this.#counters = null;
    this.#failuresTold = 0;
  }

  #count(counters: InspectorCounters): void {
    this.#counters = counters;
    if (counters.failures <= this.#failuresTold) return;
    this.#failuresTold = counters.failures;
    this.#deps.reporter.error('the inspector stumbled over packets', {
      packets: counters.failures,
      reason: counters.failure,
    });
  }

  #release({ row, key }: Held): void {
    if (this.#command) this.join.complete(row);
    this.#deps.record(row, key);
  }
}
