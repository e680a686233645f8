import { errnoName } from '../../base/errno.ts';
import { NetmonError } from '../../base/errors.ts';
import { getLibc, lastErrno } from '../libc.ts';
import { getLibbpf } from './libbpf.ts';

/** System calls by architecture (bpf(2)). */
const bpfSyscall: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
/** include/uapi/linux/bpf.h. */
const bpfLinkCreate = 28;
const attachTypes = { ingress: 46, egress: 47 } as const;
const attributesBytes = 64;
/** enum bpf_tc_attach_point of libbpf. */
const attachPoints = { ingress: 1, egress: 2 } as const;
const hookBytes = 24;
const optionsBytes = 32;
const flagReplace = 1;
/** Under which our filters are found again: what ended by SIGKILL leaves them behind. */
const filterHandle = 0x6e6d;
const filterPriority = 0xc06d;

export type HookSide = keyof typeof attachTypes;

/** A program on an interface. Disposal takes it off. */
export interface InterfaceHook extends Disposable {
  /** `tcx` leaves with the process by itself; `clsact` stays after SIGKILL, until the next start or `removeFilters`. */
  readonly kind: 'tcx' | 'clsact';
}

/**
 * Attaches a tc program to an interface of the caller's network namespace: as a TCX link (Linux 6.6), else as a filter
 * of the clsact queueing discipline (4.5), which it makes if need be. Throws NM_SYSTEM with the errno.
 */
export function attachToInterface(programFd: number, index: number, side: HookSide): InterfaceHook {
  return attachTcx(programFd, index, side) ?? attachClsact(programFd, index, side);
}

/** Null where the kernel has no TCX. */
function attachTcx(programFd: number, index: number, side: HookSide): InterfaceHook | null {
  const libc = getLibc();
  const number = bpfSyscall[process.arch];
  if (number === undefined) return null;
  const attributes = new Uint32Array(attributesBytes / 4);
  attributes.set([programFd, index, attachTypes[side]]);
  const fd = libc.syscall(number, bpfLinkCreate, new Uint8Array(attributes.buffer), attributesBytes);
  if (fd >= 0) return { kind: 'tcx', [Symbol.dispose]: () => void libc.close(fd) };
  const errno = lastErrno();
  if (errno === 'EINVAL') return null;
  throw new NetmonError('NM_SYSTEM', `unable to attach to interface ${index}: ${errno}`);
}

/** A filter of clsact. `tcx` is not asked first. */
export function attachClsact(programFd: number, index: number, side: HookSide): InterfaceHook {
  const lib = getLibbpf();
  const hook = makeHook(index, side);
  const made = lib.createHook(hook);
  if (made < 0 && errnoName(-made) !== 'EEXIST')
    throw new NetmonError('NM_SYSTEM', `unable to prepare interface ${index}: ${errnoName(-made)}`);
  const result = lib.attachFilter(hook, makeOptions(programFd, flagReplace));
  if (result < 0)
    throw new NetmonError('NM_SYSTEM', `unable to attach to interface ${index}: ${errnoName(-result)}`);
  return { kind: 'clsact', [Symbol.dispose]: () => removeFilter(index, side) };
}

/** Takes off what an earlier netmon has left on an interface; nothing where there is none. */
export function removeFilters(index: number): void {
  removeFilter(index, 'ingress');
  removeFilter(index, 'egress');
}

function removeFilter(index: number, side: HookSide): void {
  getLibbpf().detachFilter(makeHook(index, side), makeOptions(0, 0));
}

/** struct bpf_tc_hook. */
function makeHook(index: number, side: HookSide): Uint8Array {
  const view = new DataView(new ArrayBuffer(hookBytes));
  view.setBigUint64(0, BigInt(hookBytes), true);
  view.setInt32(8, index, true);
  view.setUint32(12, attachPoints[side], true);
  return new Uint8Array(view.buffer);
}

/** struct bpf_tc_opts. */
function makeOptions(programFd: number, flags: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(optionsBytes));
  view.setBigUint64(0, BigInt(optionsBytes), true);
  view.setInt32(8, programFd, true);
  view.setUint32(12, flags, true);
  view.setUint32(20, filterHandle, true);
  view.setUint32(24, filterPriority, true);
  return new Uint8Array(view.buffer);
}
