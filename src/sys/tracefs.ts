import koffi from 'koffi';
import { NetmonError } from '../base/errors.ts';

/** perf_event_open(2): PERF_TYPE_TRACEPOINT, and the size of the first version of its attributes. */
const perfTypeTracepoint = 2;
const perfAttributeBytes = 64;
const perfFlagCloexec = 8;
const mountFlags = 2 | 4 | 8; // MS_NOSUID, MS_NODEV, MS_NOEXEC
const detachFlag = 2; // MNT_DETACH
/** Number of perf_event_open, by `process.arch`. */
const perfEventOpenNumber: Readonly<Record<string, number>> = { x64: 298, arm64: 241 };

type Call = (...args: unknown[]) => number;
let calls: { mount: Call; umount2: Call; syscall: Call } | undefined;

function getCalls(): NonNullable<typeof calls> {
  if (calls) return calls;
  const libc = koffi.load('libc.so.6');
  calls = {
    mount: libc.func(
      'int mount(const char *source, const char *target, const char *type, unsigned long flags, void *data)',
    ),
    umount2: libc.func('int umount2(const char *target, int flags)'),
    syscall: libc.func(
      'long syscall(long number, const uint8_t *attributes, long pid, long cpu, long group, unsigned long flags)',
    ),
  };
  return calls;
}

/** Mounts the kernel's tracing file system on a directory. Throws NM_SYSTEM. */
export function mountTracefs(directory: string): void {
  if (getCalls().mount('netmon', directory, 'tracefs', mountFlags, null) < 0) {
    throw new NetmonError('NM_SYSTEM', `unable to mount tracefs: errno ${koffi.errno()}`);
  }
}

/** Undoes mountTracefs. */
export function unmountTracefs(directory: string): void {
  getCalls().umount2(directory, detachFlag);
}

/** Opens the tracepoint of that number as a perf event, on every process; the descriptor belongs to the link that it is attached to. */
export function openTracepoint(id: number): number {
  const number = perfEventOpenNumber[process.arch];
  if (number === undefined) throw new NetmonError('NM_NOT_SUPPORTED', `no tracepoints on ${process.arch}`);
  const attributes = new DataView(new ArrayBuffer(perfAttributeBytes));
  attributes.setUint32(0, perfTypeTracepoint, true);
  attributes.setUint32(4, perfAttributeBytes, true);
  attributes.setBigUint64(8, BigInt(id), true);
  attributes.setBigUint64(16, 1n, true);
  const fd = Number(
    getCalls().syscall(number, new Uint8Array(attributes.buffer), -1, 0, -1, perfFlagCloexec),
  );
  if (fd < 0) throw new NetmonError('NM_SYSTEM', `unable to open a tracepoint: errno ${koffi.errno()}`);
  return fd;
}
