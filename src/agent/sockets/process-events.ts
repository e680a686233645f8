import { execEventLayout, exitEventLayout } from './layout.generated.ts';

/** `enum process_event_kind` of bpf/netmon.h. */
const execKind = 1;
const exitKind = 2;

/** A process that began to run a program. `args` are its arguments as the kernel holds them, NUL-separated, cut. */
export interface ExecEvent {
  readonly kind: 'exec';
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  /** CLOCK_BOOTTIME nanoseconds. */
  readonly start_ns: number;
  readonly cgroup_id: number;
  readonly comm: string;
  readonly filename: string;
  readonly args: Uint8Array;
}

export interface ExitEvent {
  readonly kind: 'exit';
  readonly pid: number;
  readonly start_ns: number;
}

const decoder = new TextDecoder('utf-8');

/** Reads a record of the ring of process events; null for one of another kind. The event owns its bytes. */
export function decodeProcessEvent(data: DataView, at: number): ExecEvent | ExitEvent | null {
  const kind = data.getUint32(at + exitEventLayout.kind, true);
  const pid = data.getUint32(at + exitEventLayout.pid, true);
  const start_ns = readU64(data, at + exitEventLayout.start_ns);
  if (kind === exitKind) return { kind: 'exit', pid, start_ns };
  if (kind !== execKind) return null;
  const layout = execEventLayout;
  const bytes = (from: number, length: number): Uint8Array =>
    new Uint8Array(data.buffer.slice(data.byteOffset + at + from, data.byteOffset + at + from + length));
  const comm = bytes(layout.comm, layout.filename_length - layout.comm);
  const end = comm.indexOf(0);
  return {
    kind: 'exec',
    pid,
    ppid: data.getUint32(at + layout.ppid, true),
    uid: data.getUint32(at + layout.uid, true),
    start_ns,
    cgroup_id: readU64(data, at + layout.cgroup_id),
    comm: decoder.decode(end < 0 ? comm : comm.subarray(0, end)),
    filename: decoder.decode(bytes(layout.filename, data.getUint16(at + layout.filename_length, true))),
    args: bytes(layout.args, data.getUint16(at + layout.args_length, true)),
  };
}

function readU64(data: DataView, at: number): number {
  return data.getUint32(at, true) + data.getUint32(at + 4, true) * 0x1_0000_0000;
}
