/**
 * `npm run check`: every static check at once, a line each, the output of those that fail, and the total time.
 * Arguments choose checks by name.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '../src/base/errors.ts';
import { checkLayers } from './layers.ts';

const root = join(import.meta.dirname, '..');
/** The whole output of a check that fails in every file still fits. */
const maxOutputBytes = 16 * 1024 * 1024;

interface Check {
  readonly name: string;
  /** Resolves with what to print when it fails, or with an empty text. */
  readonly run: () => Promise<string>;
}

const checks: readonly Check[] = [
  { name: 'types', run: () => runTool('tsc', '-p', '.') },
  { name: 'types, pure layers', run: () => runTool('tsc', '-p', 'tsconfig.pure.json') },
  ...when('web/tsconfig.json', { name: 'types, web', run: () => runTool('tsc', '-p', 'web') }),
  { name: 'layers', run: reportLayers },
  { name: 'format and lint', run: () => runTool('biome', 'check', '--error-on-warnings', '.') },
  { name: 'lint with types', run: () => runTool('oxlint', '--deny-warnings', '--format', 'unix') },
  { name: 'unused', run: () => runTool('knip', '--no-progress', '--no-config-hints') },
  ...when('tools/build-bpf.ts', {
    name: 'BPF object is current',
    run: () => runFile(process.execPath, [join(root, 'tools/build-bpf.ts'), '--check']),
  }),
];

function when(path: string, check: Check): readonly Check[] {
  return existsSync(join(root, path)) ? [check] : [];
}

async function reportLayers(): Promise<string> {
  return checkLayers(root)
    .map(({ file, message }) => `${file}: ${message}`)
    .join('\n');
}

function runTool(name: string, ...args: string[]): Promise<string> {
  return runFile(join(root, 'node_modules/.bin', name), args);
}

function runFile(file: string, args: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(file, args, { cwd: root, maxBuffer: maxOutputBytes }, (error, stdout, stderr) => {
    if (!error) resolve('');
    else resolve(`${stdout}${stderr}`.trim() || describeError(error));
  });
  return promise;
}

async function runCheck({ name, run }: Check): Promise<boolean> {
  const started = performance.now();
  const output = await run().catch(describeError);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${output === '' ? 'ok  ' : 'FAIL'}  ${name} (${seconds} s)`);
  if (output !== '') console.log(output.replace(/^/gm, '      '));
  return output === '';
}

const wanted = process.argv.slice(2);
const chosen = checks.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const started = performance.now();
const results = await Promise.all(chosen.map(runCheck));
const failed = results.filter((passed) => !passed).length;
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${results.length - failed} checks passed, ${failed} failed, ${seconds} s`);
process.exitCode = failed === 0 && results.length > 0 ? 0 : 1;
