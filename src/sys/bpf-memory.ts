import { readdirSync } from 'node:fs';
import { readProcText } from './proc.ts';

/** Most descriptors looked at. */
const maxDescriptors = 4096;

/**
 * Bytes of the kernel's memory in BPF maps and programs that this process holds open: what /proc/self/fdinfo states as
 * memlock (kernel/bpf/syscall.c). 0 where there are none.
 */
export function readBpfMemory(): number {
  let bytes = 0;
  for (const fd of readdirSync('/proc/self/fdinfo').slice(0, maxDescriptors)) {
    const match = /^memlock:\t(\d+)$/m.exec(readProcText(`/proc/self/fdinfo/${fd}`, 4096) ?? '');
    if (match) bytes += Number(match[1]);
  }
  return bytes;
}
