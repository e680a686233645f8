/**
 * Writes captures for a process that has given its rights up, which may not make files where its user wants them. It
 * reads nothing of what it writes; where, under which names and how many is decided here.
 */
import { accessSync, closeSync, constants, openSync, writeSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { describeError } from '../base/errors.ts';
import type { FromWriter, ToWriter } from './capture-writer-messages.ts';

/** Files of one run, lest a disk be filled by whoever took that process over. */
const maxFiles = 1000;

interface OpenFile {
  readonly name: string;
  readonly file: number;
  bytes: number;
}

/** Writes to files named after `path` and the time, until the process that started this one goes away. */
export function runCaptureWriter(path: string): void {
  process.title = 'netmon-capture-writer';
  process.on('SIGINT', () => {}).on('SIGHUP', () => {});
  process.on('SIGTERM', () => {});
  process.on('disconnect', () => process.exit());
  let open: OpenFile | null = null;
  let files = 0;
  let failure: string | null = null;

  const write = (bytes: Uint8Array): void => {
    if (failure !== null) return;
    if (!open) {
      if (files++ >= maxFiles) throw new Error(`there are ${maxFiles} files already`);
      const name = nameFile(path);
      open = { name, file: openSync(name, 'wx', 0o600), bytes: 0 };
    }
    for (let at = 0; at < bytes.length; ) at += writeSync(open.file, bytes, at);
    open.bytes += bytes.length;
  };
  const close = (): void => {
    if (open) closeSync(open.file);
    if (open && failure === null) tell({ kind: 'written', file: open.name, bytes: open.bytes });
    else tell({ kind: 'failed', reason: failure ?? 'there was nothing to write' });
    open = null;
    failure = null;
  };
  process.on('message', (message: ToWriter) => {
    try {
      if (message.kind === 'piece') write(message.bytes);
      else close();
    } catch (thrown) {
      failure = describeError(thrown);
    }
  });
  try {
    accessSync(dirname(path), constants.W_OK);
    tell({ kind: 'ready' });
  } catch (thrown) {
    tell({ kind: 'failed', reason: describeError(thrown) });
  }
}

/** `capture.pcapng` as `capture-2026-01-31T12-00-00.000Z.pcapng`. */
function nameFile(path: string): string {
  const ending = extname(path);
  const time = new Date().toISOString().replaceAll(':', '-');
  return `${path.slice(0, path.length - ending.length)}-${time}${ending}`;
}

function tell(message: FromWriter): void {
  process.send?.(message);
}
