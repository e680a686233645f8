import type { Component } from '../platform/lifecycle.ts';
import type { Reporter } from '../platform/reporter.ts';
import { shorten } from '../rules/statistics/names.ts';
import { readBootNs } from '../sys/clock.ts';
import type { AlertKey, DurableRecord, PacketsAnswer, PacketsQuestion, SavedPiece } from '../wire/link.ts';
import type { Losses, Sample, SensorStatus } from '../wire/machine.ts';
import type { AlertRecord } from '../wire/traffic.ts';
import type { AlertSettings } from '../wire/traffic-schema.ts';
import { AlertPackets } from './capture/alert-packets.ts';
import { Inspection, type InspectionDeps } from './capture/inspection.ts';
import type { InspectorCommand } from './capture/inspector-process.ts';
import type { Wanted } from './capture/packet-selection.ts';
import type { InspectionScope } from './capture/scope.ts';
import { InterfaceSensor } from './interfaces/sensor.ts';
import type { LiveSource, SourceFrame } from './link/source.ts';
import { makeProcessTable, type ProcessTable } from './processes/table.ts';
import { openSlotSource, type SlotSourceOptions } from './sockets/open-source.ts';
import type { Owner } from './sockets/owner.ts';
import type { ExecEvent, ExitEvent } from './sockets/process-events.ts';
import { SocketSensor } from './sockets/socket-sensor.ts';
import { SystemSensor } from './system/sensor.ts';
import { TrafficReporter } from './traffic/reporter.ts';

/** How often the kernel is read. */
const tickMs = 100;
/** A frame taken this recently means that somebody watches. */
const watchedMs = 500;
/** How often sensors are compared with what was told of them. */
const sensorsEveryMs = 1000;
/** Samples kept until a frame takes them: a minute. */
const maxSamples = 600;
/** Sockets of a program whose packets are saved at an alert. */
const maxCookies = 4096;

export interface AgentOptions extends SlotSourceOptions {
  /** How to run what reads packets; null where nobody wants that. */
  readonly inspector: InspectorCommand | null;
  /** What of the traffic it is to read; all without it. */
  readonly scope?: InspectionScope;
  /** Folder for the packets that are saved at alerts; without it none are. */
  readonly captures?: string;
}

export interface AgentDeps {
  readonly reporter: Reporter;
  /** Keeps what must not be lost. */
  readonly record: (record: DurableRecord) => void;
}

/**
 * The sensors of a machine, read together every 100 ms. Order within a reading: sockets with what processes did, then
 * processes, interfaces, what inspection found, system; then whoever waits for readings is told.
 */
export class Agent implements Component, LiveSource {
  readonly name = 'sensors';
  readonly #options: AgentOptions;
  readonly #deps: AgentDeps;
  readonly #processes: ProcessTable = makeProcessTable();
  readonly #interfaces = new InterfaceSensor();
  readonly #system = new SystemSensor({ losses: () => this.#losses() });
  /** Where inspected records go to be counted and told of. */
  readonly traffic: TrafficReporter;
  readonly #inspection: Inspection;
  readonly #saved: AlertPackets;
  readonly #listeners: (() => void)[] = [];
  #sockets: SocketSensor | undefined;
  #samples: Sample[] = [];
  #timer: NodeJS.Timeout | undefined;
  #tickNs = 0;
  #bootMs = 0;
  #takenMs = 0;
  #toldReason: string | null = null;
  #toldSensors = '';
  #toldSensorsMs = 0;
  #counted = { sent: 0, received: 0 };

  constructor(options: AgentOptions, deps: AgentDeps) {
    this.#options = options;
    this.#deps = deps;
    this.traffic = new TrafficReporter(deps.record, Date.now(), (alert) =>
      this.#saved.save(alert, this.#findWanted(alert)),
    );
    const inspectionDeps: InspectionDeps = {
      reporter: deps.reporter,
      onRecord: (record, owner) => this.traffic.add(record, owner, Date.now()),
      onRevised: (connection) => this.#sockets?.revise(connection),
      record: (connection, key) => deps.record({ kind: 'connection', key, connection }),
    };
    this.#inspection = new Inspection(options.inspector, inspectionDeps, options.scope);
    this.#saved = new AlertPackets({
      folder: options.captures ?? null,
      freeze: (question, onPiece) => this.#inspection.freeze(question, onPiece),
      record: deps.record,
      reporter: deps.reporter,
    });
  }

  /** Opens the sensors at the best level that works here. Throws NM_NOT_SUPPORTED when a level that was asked for does not. */
  start(): void {
    this.#interfaces.start();
    const { join } = this.#inspection;
    const source = openSlotSource(this.#options);
    if (source.unknownOwner !== undefined) this.#processes.explainUnknown(source.unknownOwner);
    this.#sockets = new SocketSensor(source, {
      owners: this.#processes,
      clock: { toUnixMs: (bootNs) => bootNs / 1e6 + this.#bootMs },
      reporter: this.#deps.reporter,
      isLocalAddress: (ip) => this.#interfaces.isLocalAddress(ip),
      onProcessEvent: this.#onProcessEvent,
      // Where nothing is inspected there is nothing to join.
      ...(this.#options.inspector && {
        watcher: {
          opened: (connection) => join.opened(connection, Date.now()),
          ended: (connection, lingers) => join.ended(connection, lingers),
        },
      }),
      record: (connection, key) => this.#inspection.complete(connection, key, Date.now()),
    });
    this.#inspection.start();
    this.#tickNs = readBootNs();
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Reads a last time, records what was under way, and takes the sensors out of the kernel. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#sockets) return;
    this.#tick();
    // An end too fresh for the first reading is taken over by the second.
    this.#tick();
    await this.#saved.stop();
    await this.#inspection.stop(Date.now());
    this.#sockets[Symbol.dispose]();
    this.traffic.stop(Date.now());
    this.#interfaces[Symbol.dispose]();
    this.#sockets = undefined;
  }

  sensors(): readonly SensorStatus[] {
    if (!this.#sockets) return [];
    const inspection = this.#inspection.status();
    return [
      this.#sockets.status(),
      this.#processes.status(),
      this.#interfaces.status(),
      ...(inspection ? [inspection] : []),
    ];
  }

  onReading(listener: () => void): void {
    this.#listeners.push(listener);
  }

  hasMore(): boolean {
    return this.#sockets?.hasMore ?? false;
  }

  takeFrame(asked: boolean): SourceFrame {
    const nowMs = Date.now();
    const watched = nowMs - this.#takenMs < watchedMs;
    this.#takenMs = nowMs;
    const sockets = this.#sockets!;
    const full = asked || sockets.overflowed;
    const { totals } = sockets;
    const samples = this.#samples;
    this.#samples = [];
    const system = this.#system.takeChanges(full);
    const processes = this.#processes.takeChanges(full);
    this.traffic.countProcesses(processes.processes, nowMs);
    return {
      at: nowMs,
      ...sockets.takeChanges(full, nowMs),
      samples,
      totals: {
        bytes_sent: totals.bytesSent,
        bytes_received: totals.bytesReceived,
        connections: totals.connections,
        errors: totals.errors,
      },
      ...processes,
      ...this.#interfaces.takeChanges(full, nowMs),
      ...(system && { system }),
      ...this.#takeSensors(nowMs, full),
      ...this.#takeTraffic(nowMs, full, watched),
    };
  }

  /**
   * The sensors when all is asked for, when that of sockets sees less than the last frame said, or some time after another
   * of them has changed.
   */
  #takeSensors(nowMs: number, full: boolean): Pick<SourceFrame, 'sensors'> {
    const sensors = this.sensors();
    const { reason } = sensors[0];
    const isDue = nowMs - this.#toldSensorsMs >= sensorsEveryMs;
    if (!full && reason === this.#toldReason && !isDue) return {};
    this.#toldSensorsMs = nowMs;
    const text = JSON.stringify(sensors);
    if (!full && text === this.#toldSensors) return {};
    this.#toldReason = reason;
    this.#toldSensors = text;
    return { sensors: [...sensors] };
  }

  /** The sums of inspected traffic that are due for who looks. */
  #takeTraffic(nowMs: number, full: boolean, watched: boolean): Pick<SourceFrame, 'traffic'> {
    if (!full && !watched) return {};
    const traffic = this.traffic.takeStatistics(nowMs, full);
    return traffic.length > 0 ? { traffic } : {};
  }

  packets(question: PacketsQuestion): Promise<PacketsAnswer> {
    return this.#inspection.packets(question);
  }

  savedPackets(alert: AlertKey, offset: number): Promise<SavedPiece> {
    return this.#saved.read(alert, offset);
  }

  configure(alerts: AlertSettings): void {
    this.traffic.configure(alerts, Date.now());
    this.traffic.recordOpen(Date.now());
  }

  #tick(): void {
    const nowNs = readBootNs();
    const nowMs = Date.now();
    const elapsedMs = Math.max(1, (nowNs - this.#tickNs) / 1e6);
    this.#tickNs = nowNs;
    this.#bootMs = nowMs - nowNs / 1e6;
    this.#sockets!.tick(nowNs, elapsedMs);
    this.#processes.tick(nowMs);
    this.#interfaces.tick(nowMs, nowMs - this.#takenMs < watchedMs);
    this.#inspection.tick(() => this.#interfaces.links(), nowMs);
    this.#system.tick(nowMs);
    this.traffic.countInterfaces(() => this.#interfaces.rows(), nowMs);
    this.traffic.tick(nowMs);
    this.#sample(nowMs, elapsedMs);
    for (const listener of this.#listeners) listener();
  }

  /** The packets that an alert is about, as far as can be told. */
  #findWanted({ kind, scope }: AlertRecord): Wanted {
    const name = scope.slice(scope.indexOf(':') + 1);
    if (kind === 'hits') return { kind: 'http' };
    if (scope.startsWith('site:')) return { kind: 'site', site: name };
    if (scope.startsWith('interface:')) {
      const index = this.#interfaces.links().find((link) => link.name === name)?.index;
      return index === undefined ? { kind: 'all' } : { kind: 'interface', interface: index };
    }
    if (!scope.startsWith('process:')) return { kind: 'all' };
    const isWanted = ({ process_name }: Owner): boolean =>
      process_name !== null && shorten(process_name) === name;
    return { kind: 'sockets', cookies: this.#inspection.join.cookiesOf(isWanted, maxCookies) };
  }

  #sample(nowMs: number, elapsedMs: number): void {
    const { bytesSent, bytesReceived } = this.#sockets!.totals;
    const perSecond = 1000 / elapsedMs;
    const upload = Math.round((bytesSent - this.#counted.sent) * perSecond);
    const download = Math.round((bytesReceived - this.#counted.received) * perSecond);
    this.#counted.sent = bytesSent;
    this.#counted.received = bytesReceived;
    this.#samples.push([nowMs, upload, download]);
    if (this.#samples.length > maxSamples) this.#samples.shift();
  }

  readonly #onProcessEvent = (event: ExecEvent | ExitEvent): void => {
    if (event.kind === 'exec') this.#processes.exec(event);
    else this.#processes.exited(event.pid, event.start_ns);
  };

  #losses(): Losses {
    return {
      ...this.#sockets?.losses(),
      ...this.#processes.losses(),
      ...this.#interfaces.losses(),
      ...this.#inspection.losses(),
    };
  }
}
