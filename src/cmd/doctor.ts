import { NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { findInstance } from '../platform/instance.ts';
import { findPaths } from '../platform/paths.ts';
import { makeReporter } from '../platform/reporter.ts';
import { probeSensors, readSensorOptions } from './agent-program.ts';
import {
  checkBtf,
  checkCapabilities,
  checkCgroup,
  checkClock,
  checkDatabase,
  checkFolder,
  checkNode,
  checkPort,
  checkSensor,
  type Finding,
  readSystem,
} from './doctor-checks.ts';
import { chooseAccount } from './server-config.ts';
import type { UpValues } from './setting-names.ts';

/** Looks at all that netmon needs, a line each; the answer is the exit code: 0 unless something fails. */
export async function runDoctor(values: UpValues): Promise<number> {
  const paths = findPaths(values, process.env, process.getuid!());
  const runs = findInstance(paths.pidFile) !== null;
  const system = readSystem();
  const options = readSensorOptions(values, chooseAccount(values.user));
  const findings = [
    checkNode(process.version),
    checkCapabilities(system.status),
    checkBtf(),
    checkCgroup(system.mounts),
    ...(await probeSensors(options, makeReporter({ level: 'error' }))).map(checkSensor),
    await checkPort(values.host, values.port, runs),
    checkFolder(paths.data),
    checkDatabase(paths.db),
    checkClock(Date.now()),
  ];
  for (const line of findings.flatMap(writeFinding)) process.stdout.write(`${line}\n`);
  const failed = findings.filter(({ level }) => level === 'fail').length;
  const warned = findings.filter(({ level }) => level === 'warn').length;
  process.stdout.write(`${findings.length - failed - warned} ok, ${warned} to improve, ${failed} failed\n`);
  return failed === 0 ? 0 : new NetmonError('NM_NOT_SUPPORTED', '').exit;
}

function writeFinding({ name, level, text, remedy }: Finding): string[] {
  const head = escapeText(`${level.padEnd(5)} ${name.padEnd(18)} ${text}`);
  return remedy === undefined ? [head] : [head, escapeText(`${' '.repeat(25)}-> ${remedy}`)];
}
