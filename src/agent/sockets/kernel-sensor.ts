import { mkdtempSync, openSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '../../base/errors.ts';
import { type Mapping, mapMemory } from '../../sys/bpf/mapping.ts';
import { BpfObject, findMissingTracepoints } from '../../sys/bpf/object.ts';
import { RingBuffer } from '../../sys/bpf/ring-buffer.ts';
import { mountTracefs, openTracepoint, unmountTracefs } from '../../sys/tracefs.ts';
import type { SensorStatus } from '../../wire/machine.ts';
import { decodeProcessEvent, type ExecEvent, type ExitEvent } from './process-events.ts';
import type { SlotSource } from './slot-source.ts';
import { measureSlotBuffers, type SlotBuffers, SlotTable } from './slot-table.ts';

const objectPath = join(import.meta.dirname, '../../../bpf/netmon.bpf.o');
/** As PROCESS_RING_BYTES in bpf/slots.h. */
const processRingBytes = 1 << 20;
const pageBytes = 4096;
/** Without these tracepoints there is nothing to count with: the sensor degrades to netlink. */
const requiredTracepoints = ['inet_sock_set_state', 'sock_send_length', 'sock_recv_length'];
/** Those that follow what connect(2) returns: what the others note waits for the last one. */
const connectPrograms = ['note_connect4', 'note_connect6', 'on_connect_result'];

export interface KernelSensorOptions {
  /** Slots, a power of two: how many sockets can be open, or wait to be read, at once. */
  readonly maxSockets: number;
  /** Whether to follow the results of connect(2), for which each system call of the machine costs some 30 ns more. */
  readonly connectResults: boolean;
}

/** The BPF side, loaded and attached. Disposal takes everything out of the kernel, as does the process's end. */
export class KernelSensor implements SlotSource {
  readonly slots: SlotTable;
  readonly #processEvents: RingBuffer;
  /** Programs attached, and what is missing of the rest with the reason. */
  readonly #attached: number;
  readonly #missing: readonly string[];
  readonly #object: BpfObject;
  readonly #mappings: Mapping[] = [];
  readonly #options: KernelSensorOptions;

  /** Throws NM_NOT_SUPPORTED where BPF cannot do the job, with the reason. */
  constructor(options: KernelSensorOptions) {
    const object = BpfObject.open(objectPath);
    this.#object = object;
    this.#options = options;
    try {
      const programs = object.programs();
      const absent = skipUnsupported(object, programs);
      object.setMaxEntries('slots', options.maxSockets);
      object.setMaxEntries('dirty_list', options.maxSockets);
      object.setConstants((bytes) => new DataView(bytes.buffer).setUint32(0, options.maxSockets - 1, true));
      object.load();
      this.slots = new SlotTable(this.#mapSlots(options.maxSockets), options.maxSockets);
      this.#processEvents = new RingBuffer(object.mapFd('process_events'), processRingBytes);
      const failures = [...absent];
      this.#attached = this.#attachAll(programs, absent, options, failures);
      this.#missing = failures;
    } catch (thrown) {
      object[Symbol.dispose]();
      throw thrown;
    }
  }

  /** The kernel side counts as things happen. */
  poll(): void {}

  /** Finds the sockets that are open, with their owners, and those of this network namespace that no process holds. */
  refresh(): number {
    const sweep = this.slots.beginSweep();
    this.#object.runIterator('find_sockets');
    this.#object.runIterator('find_connections');
    return sweep;
  }

  drainProcessEvents(visit: (event: ExecEvent | ExitEvent) => void): void {
    this.#processEvents.drain((data, offset) => {
      const event = decodeProcessEvent(data, offset);
      if (event) visit(event);
    });
  }

  status(): SensorStatus {
    const whole = this.#missing.length === 0;
    return {
      name: 'sockets',
      level: 'full',
      detail: `eBPF: ${this.#attached} programs, ${this.slots.size} slots${this.#options.connectResults ? '' : ', without the results of connect(2)'}`,
      reason: whole ? null : this.#missing.join('; ').slice(0, 512),
      remedy: whole ? null : 'a newer kernel, or cgroup2 mounted, lifts this',
    };
  }

  [Symbol.dispose](): void {
    for (const mapping of this.#mappings) mapping[Symbol.dispose]();
    this.#processEvents[Symbol.dispose]();
    this.#object[Symbol.dispose]();
  }

  #mapSlots(size: number): SlotBuffers {
    const bytes = measureSlotBuffers(size);
    const map = (name: string, length: number): ArrayBuffer => {
      const whole = Math.ceil(length / pageBytes) * pageBytes;
      const mapping = mapMemory({ fd: this.#object.mapFd(name), bytes: whole, writable: true });
      this.#mappings.push(mapping);
      return mapping.buffer;
    };
    return {
      slots: map('slots', bytes.slots),
      dirty: map('dirty_list', bytes.dirty),
      shared: map('shared_map', bytes.shared),
    };
  }

  #attachAll(
    programs: readonly (readonly [string, string])[],
    absent: readonly string[],
    options: KernelSensorOptions,
    failures: string[],
  ): number {
    const cgroup = openCgroup(failures);
    let attached = 0;
    for (const [name, section] of programs) {
      if (section.startsWith('iter/') || absent.includes(name)) continue;
      if (connectPrograms.includes(name) && !options.connectResults) continue;
      try {
        if (section.startsWith('cgroup/')) {
          if (cgroup === undefined) continue;
          this.#object.attachToCgroup(name, cgroup);
        } else if (section.startsWith('tracepoint/')) this.#attachSyscall(name, section);
        else this.#object.attach(name);
        attached++;
      } catch (thrown) {
        if (requiredTracepoints.some((required) => section.endsWith(`/${required}`))) throw thrown;
        failures.push(describeError(thrown));
      }
    }
    return attached;
  }

  /** Attaches to a system call's tracepoint, whose number only tracefs tells; it is mounted for that moment if need be. */
  #attachSyscall(name: string, section: string): void {
    const [, category, event] = section.split('/');
    const directory = mkdtempSync(join(tmpdir(), 'netmon-tracefs-'));
    let mounted = false;
    try {
      mountTracefs(directory);
      mounted = true;
      const id = Number(readFileSync(join(directory, 'events', category, event, 'id'), 'utf8'));
      this.#object.attachToPerfEvent(name, openTracepoint(id));
    } finally {
      if (mounted) unmountTracefs(directory);
      rmdirSync(directory);
    }
  }
}

/** Leaves out programs for tracepoints that the kernel does not have; their names. Throws when a required one is. */
function skipUnsupported(object: BpfObject, programs: readonly (readonly [string, string])[]): string[] {
  const tracepoints = programs.filter(([, section]) => section.startsWith('tp_btf/'));
  const missing = findMissingTracepoints(tracepoints.map(([, section]) => section.slice('tp_btf/'.length)));
  const required = missing.filter((name) => requiredTracepoints.includes(name));
  if (required.length > 0) throw new Error(`the kernel has no tracepoint ${required.join(', ')}`);
  const names = tracepoints.filter(([, section]) => missing.includes(section.slice(7))).map(([name]) => name);
  for (const name of names) object.skip(name);
  return names;
}

/** The root of the unified cgroup hierarchy, wherever it is mounted; undefined, noted, when it is not. */
function openCgroup(failures: string[]): number | undefined {
  const line = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((mount) => mount.split(' ')[2] === 'cgroup2');
  if (line) return openSync(line.split(' ')[1], 'r');
  failures.push(
    'cgroup2 is not mounted: peers of unconnected UDP sockets and the end of UDP sockets are not seen',
  );
  return undefined;
}
