import koffi from 'koffi';
import { errnoName } from '../base/errno.ts';
import { NetmonError } from '../base/errors.ts';

/**
 * The C library's functions as they are used, bound once. Buffers are passed as they are; the answer is the C one, so a
 * negative number is a failure that `systemError` explains when it is asked at once.
 */
export interface Libc {
  readonly clockGettime: (clock: number, time: BigInt64Array) => number;
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly send: (fd: number, bytes: Uint8Array, length: number, flags: number) => number;
  readonly recv: (fd: number, bytes: Uint8Array, length: number, flags: number) => number;
  readonly connect: (fd: number, address: Uint8Array, length: number) => number;
  readonly sendto: (
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array | null,
    addressLength: number,
  ) => number;
  /** `message` is a struct msghdr, whose pointers are the caller's to keep alive. */
  readonly recvmsg: (fd: number, message: Uint8Array, flags: number) => number;
  readonly getsockname: (fd: number, address: Uint8Array, length: Int32Array) => number;
  readonly epollCreate: (flags: number) => number;
  readonly epollControl: (epoll: number, action: number, fd: number, event: Uint8Array) => number;
  readonly epollWait: (epoll: number, events: Uint8Array, count: number, timeoutMs: number) => number;
  readonly setsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Int32Array | Uint8Array,
    length: number,
  ) => number;
  readonly getsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    length: Int32Array,
  ) => number;
  readonly ioctl: (fd: number, request: number, type: 'void *', argument: Uint8Array) => number;
  readonly syscall: (number: number, command: number, attributes: Uint8Array, bytes: number) => number;
  readonly close: (fd: number) => number;
}

let bound: Libc | undefined;

/** The C library of this process, glibc or musl. */
export function getLibc(): Libc {
  bound ??= bind();
  return bound;
}

/** What the last call of the C library failed with: NM_SYSTEM, `unable to ACTION: ERRNO`. */
export function systemError(action: string, errno = koffi.errno()): NetmonError {
  return new NetmonError('NM_SYSTEM', `unable to ${action}: ${errnoName(errno)}`);
}

/** The errno of the last call, by name. */
export function lastErrno(): string {
  return errnoName(koffi.errno());
}

function bind(): Libc {
  const library = koffi.load(null);
  const f = (prototype: string) => library.func(prototype);
  return {
    clockGettime: f('int clock_gettime(int clock, void *time)'),
    socket: f('int socket(int domain, int type, int protocol)'),
    bind: f('int bind(int fd, void *address, uint32_t length)'),
    send: f('intptr_t send(int fd, void *bytes, size_t length, int flags)'),
    recv: f('intptr_t recv(int fd, void *bytes, size_t length, int flags)'),
    connect: f('int connect(int fd, void *address, uint32_t length)'),
    sendto: f(
      'intptr_t sendto(int fd, void *bytes, size_t length, int flags, void *address, uint32_t addressLength)',
    ),
    recvmsg: f('intptr_t recvmsg(int fd, void *message, int flags)'),
    getsockname: f('int getsockname(int fd, void *address, void *length)'),
    epollCreate: f('int epoll_create1(int flags)'),
    epollControl: f('int epoll_ctl(int epoll, int action, int fd, void *event)'),
    epollWait: f('int epoll_wait(int epoll, void *events, int count, int timeoutMs)'),
    setsockopt: f('int setsockopt(int fd, int level, int name, void *value, uint32_t length)'),
    getsockopt: f('int getsockopt(int fd, int level, int name, void *value, void *length)'),
    ioctl: f('int ioctl(int fd, unsigned long request, ...)'),
    syscall: f('long syscall(long number, int command, void *attributes, uint32_t bytes)'),
    close: f('int close(int fd)'),
  };
}
