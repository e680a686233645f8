import koffi from 'koffi';
import { systemError } from './libc.ts';

/** CLOCK_REALTIME_COARSE (include/uapi/linux/time.h), which advances once a jiffy. */
const clockRealtimeCoarse = 5;

/** Length of the kernel's jiffy in milliseconds. Throws NM_SYSTEM. */
export function readJiffyMs(): number {
  const getres = koffi.load(null).func('int clock_getres(int clock, void *time)');
  const time = new BigInt64Array(2);
  if (getres(clockRealtimeCoarse, time) !== 0) throw systemError('read the resolution of the clock');
  return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
}
