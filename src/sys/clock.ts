import koffi from 'koffi';

/** include/uapi/linux/time.h */
const clockBoottime = 7;
const clockRealtimeCoarse = 5;

type Call = (clock: number, time: BigInt64Array) => number;
let calls: { gettime: Call; getres: Call } | undefined;

function read(call: 'gettime' | 'getres', clock: number): number {
  if (!calls) {
    const libc = koffi.load('libc.so.6');
    calls = {
      gettime: libc.func('int clock_gettime(int clock, _Out_ int64_t *time)'),
      getres: libc.func('int clock_getres(int clock, _Out_ int64_t *time)'),
    };
  }
  calls[call](clock, timespec);
  return Number(timespec[0]) * 1e9 + Number(timespec[1]);
}

const timespec = new BigInt64Array(2);

/** Nanoseconds since the machine started, suspension included: the clock of the kernel side. Exact to a microsecond. */
export function readBootNs(): number {
  return read('gettime', clockBoottime);
}

/** Length of a jiffy in milliseconds, which is the resolution of the coarse clock. */
export function readJiffyMs(): number {
  return read('getres', clockRealtimeCoarse) / 1e6;
}
