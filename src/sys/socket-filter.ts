import koffi from 'koffi';
import type { BpfInstruction } from '../decode/capture/packet-filter.ts';
import { systemError } from './libc.ts';

const solSocket = 1;
const soAttachFilter = 26;

type AttachFilter = (fd: number, level: number, name: number, program: object, length: number) => number;
let attachFilter: AttachFilter | undefined;

/** Has the kernel drop what does not pass the filter before it reaches the socket. Throws NM_SYSTEM. */
export function attachSocketFilter(fd: number, filter: readonly BpfInstruction[]): void {
  attachFilter ??= bindAttachFilter();
  const program = { len: filter.length, filter: writeProgram(filter) };
  if (attachFilter(fd, solSocket, soAttachFilter, program, 16) < 0) throw systemError('attach a filter');
}

/** struct sock_filter of each. */
function writeProgram(filter: readonly BpfInstruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(filter.length * 8));
  for (const [i, { code, jt, jf, k }] of filter.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  }
  return new Uint8Array(view.buffer);
}

/** setsockopt(2) for a struct sock_fprog, which holds a pointer. */
function bindAttachFilter(): AttachFilter {
  const program = koffi.struct({ len: 'uint16_t', filter: 'void *' });
  const types = ['int', 'int', 'int', koffi.pointer(program), 'uint32_t'];
  return koffi.load(null).func('setsockopt', 'int', types);
}
