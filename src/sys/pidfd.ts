import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';
import { parseStat } from '../decode/procfs.ts';
import { lastErrno } from './libc.ts';
import { readProcText } from './proc.ts';

/** Numbers of pidfd_send_signal(2) and pidfd_open(2), the same on every architecture that Linux has had since 5.3. */
const pidfdSendSignal = 424;
const pidfdOpen = 434;

/**
 * Sends a signal to the process with that number and start (clock ticks since boot), and to no other: the process is held
 * by a descriptor while its start is compared. Null when it was sent, or else the name of the errno; ESRCH stands as well
 * for a number that by now is another process's.
 */
export function signalProcess(pid: number, startTicks: number, signal: NodeJS.Signals): string | null {
  const syscall = koffi.load(null).func('long syscall(long number, ...)');
  const fd = Number(syscall(pidfdOpen, 'int', pid, 'unsigned int', 0));
  if (fd < 0) return lastErrno();
  try {
    const stat = parseStat(readProcText(`/proc/${pid}/stat`) ?? '');
    if (stat?.startTicks !== startTicks) return 'ESRCH';
    const number = constants.signals[signal];
    const sent = syscall(pidfdSendSignal, 'int', fd, 'int', number, 'void *', null, 'unsigned int', 0);
    return Number(sent) < 0 ? lastErrno() : null;
  } finally {
    closeSync(fd);
  }
}
