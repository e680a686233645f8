import { getLibc, systemError } from './libc.ts';

/** CLOCK_BOOTTIME of clock_gettime(2): nanoseconds since boot, time asleep included. */
const clockBoottime = 7;
const time = new BigInt64Array(2);

/** Nanoseconds since boot, as the kernel stamps processes and sockets; exact to 2^53. */
export function readBootNs(): number {
  if (getLibc().clockGettime(clockBoottime, time) !== 0) throw systemError('read the time since boot');
  return Number(time[0]) * 1e9 + Number(time[1]);
}

/** Unix milliseconds of the boot by the wall clock as it stands: it moves when that is set. */
export function readBootEpochMs(): number {
  return Date.now() - readBootNs() / 1e6;
}
