import { execFileSync, spawn } from 'node:child_process';

/** What a full-screen program has changed of the terminal's look: colours, the cursor, the alternate screen. */
const restore = String.raw`\033[0m\033[2J\033[?25h\033[?1049l`;
/** Waits for its input to end. Modes are set back only where no shell has done so: ours alone has no key that signals. */
const script = `
  read -r _
  printf '${restore}'
  case $(stty -a <&1) in *-isig*) stty "$1" <&1 ;; esac
`;

/**
 * Has a shell give the terminal of standard output back when this process ends without doing so itself, as by SIGKILL.
 * To be called while the terminal is still as it was; what is answered calls the shell off.
 */
export function guardTerminal(): () => void {
  let modes: string;
  try {
    modes = execFileSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'ignore'], encoding: 'utf8' }).trim();
  } catch {
    return () => {};
  }
  const guard = spawn('/bin/sh', ['-c', script, 'netmon-terminal', modes], {
    stdio: ['pipe', 'inherit', 'ignore'],
    detached: true,
  });
  guard.on('error', () => {});
  guard.unref();
  return () => {
    guard.kill('SIGKILL');
  };
}
