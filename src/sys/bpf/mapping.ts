import koffi from 'koffi';
import { NetmonError } from '../../base/errors.ts';

const protRead = 1;
const protWrite = 2;
const mapShared = 1;

/** Memory shared with the kernel. The buffer must not be used after disposal. */
export interface Mapping extends Disposable {
  readonly buffer: ArrayBuffer;
}

export interface MappingOptions {
  readonly fd: number;
  readonly bytes: number;
  readonly offset?: number;
  readonly writable: boolean;
}

let calls: { mmap: (...args: unknown[]) => unknown; munmap: (...args: unknown[]) => number } | undefined;

/** Maps a descriptor's memory (mmap(2), MAP_SHARED). Throws NM_SYSTEM. */
export function mapMemory({ fd, bytes, offset = 0, writable }: MappingOptions): Mapping {
  calls ??= bind();
  const { mmap, munmap } = calls;
  const pointer = mmap(null, bytes, protRead | (writable ? protWrite : 0), mapShared, fd, offset);
  if (koffi.address(pointer) === 0xffffffffffffffffn) {
    throw new NetmonError(
      'NM_SYSTEM',
      `unable to map ${bytes} bytes of the kernel's memory: errno ${koffi.errno()}`,
    );
  }
  return {
    buffer: koffi.view(pointer, bytes),
    [Symbol.dispose]: () => void munmap(pointer, bytes),
  };
}

function bind(): NonNullable<typeof calls> {
  const libc = koffi.load('libc.so.6');
  return {
    mmap: libc.func(
      'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
    ),
    munmap: libc.func('int munmap(void *address, size_t length)'),
  };
}
