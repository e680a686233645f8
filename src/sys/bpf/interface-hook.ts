import { NetmonError } from '../../base/errors.ts';
import { getLibc, lastErrno } from '../libc.ts';
import { attachClsact } from './clsact.ts';
import type { HookSide, InterfaceHook } from './hook.ts';

/** System calls by architecture (bpf(2)). */
const bpfSyscall: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
/** include/uapi/linux/bpf.h. */
const bpfLinkCreate = 28;
const attachTypes = { ingress: 46, egress: 47 } as const;
const attributesBytes = 64;

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
