import { constants, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { describeError, NetmonError } from '../base/errors.ts';
import type { CaptureReader } from '../decode/capture/capture-reader.ts';

/** First bytes of packed files: RFC 1952 section 2.3.1, RFC 8878 section 3.1.1. */
const packings = [
  { magic: [0x1f, 0x8b], makeUnpacker: () => createGunzip() },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], makeUnpacker: () => createZstdDecompress() },
] as const;
/** The longest of them. */
const magicBytes = 4;
/** Milliseconds between looks at what else there is to do. */
const atOnceMs = 20;

export interface CaptureFileOptions {
  /** Called after each piece with the bytes of the file read so far and all there are; null where nobody knows. */
  readonly onProgress: (read: number, size: number | null) => void;
  /** Whether to read no further. */
  readonly isEnded: () => boolean;
}

/**
 * Reads a capture file, or standard input for `-`, through a reader, also one packed by gzip or zstd. Throws NetmonError
 * when there is nothing to read; damage is in the reader's `error`.
 */
export async function readCaptureFile(
  path: string,
  reader: CaptureReader,
  options: CaptureFileOptions,
): Promise<void> {
  if (path === '-') {
    await readPieces(process.stdin, null, reader, options);
    return;
  }
  await using file = await openFile(path);
  const stat = await file.stat();
  if (stat.isDirectory()) throw new NetmonError('NM_NOT_FOUND', `${path} is a folder`);
  const size = stat.isFile() ? stat.size : null;
  const first = await readUpTo(file, magicBytes);
  if (findPacking(first)) {
    await readPieces(readOn(file, first), size, reader, options);
    return;
  }
  reader.push(first);
  await (stat.isFile() ? readFile(file.fd, size, reader, options) : readPipe(file, reader, options));
  reader.end();
}

/** Reads on without giving way for a while: to wait for another thread's reading costs a fifth of the time. */
async function readFile(
  fd: number,
  size: number | null,
  reader: CaptureReader,
  options: CaptureFileOptions,
): Promise<void> {
  let read = magicBytes;
  for (let yieldMs = performance.now() + atOnceMs; !reader.failed && !options.isEnded(); ) {
    const bytes = readSync(fd, reader.space());
    if (bytes === 0) return;
    reader.took(bytes);
    read += bytes;
    if (performance.now() < yieldMs) continue;
    options.onProgress(read, size);
    await setImmediate();
    yieldMs = performance.now() + atOnceMs;
  }
}

/** A pipe by its name, on which a read may wait for long. */
async function readPipe(file: FileHandle, reader: CaptureReader, options: CaptureFileOptions): Promise<void> {
  for (let read = magicBytes; !reader.failed && !options.isEnded(); ) {
    const space = reader.space();
    const { bytesRead } = await file.read(space, 0, space.length, null);
    if (bytesRead === 0) return;
    reader.took(bytesRead);
    read += bytesRead;
    options.onProgress(read, null);
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new NetmonError('NM_NOT_FOUND', `no file ${path}`);
    if (code === 'EACCES') throw new NetmonError('NM_PRIVILEGE', `no permission to read ${path}`);
    throw new NetmonError('NM_SYSTEM', `unable to open ${path}`, { cause });
  }
}

async function readUpTo(file: FileHandle, bytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes);
  let length = 0;
  while (length < bytes) {
    const { bytesRead } = await file.read(buffer, length, bytes - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

async function* readOn(file: FileHandle, first: Uint8Array): AsyncGenerator<Uint8Array> {
  yield first;
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Reads pieces of a file as they come; the first ones say whether it is packed. */
async function readPieces(
  pieces: AsyncIterable<Uint8Array>,
  size: number | null,
  reader: CaptureReader,
  options: CaptureFileOptions,
): Promise<void> {
  let read = 0;
  async function* count(): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      read += piece.length;
      yield piece;
    }
  }
  try {
    for await (const piece of unpack(count())) {
      reader.push(piece);
      options.onProgress(read, size);
      if (reader.failed || options.isEnded()) break;
    }
    reader.end();
  } catch (cause) {
    reader.end(`the packed file is damaged: ${describeError(cause)}`);
  }
}

async function* unpack(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = new Uint8Array(0);
  while (first.length < magicBytes) {
    const { value, done } = await pieces.next();
    if (done) break;
    first = Buffer.concat([first, value]);
  }
  const packing = findPacking(first);
  if (packing) {
    yield* Readable.from(prepend(first, pieces)).pipe(packing.makeUnpacker());
    return;
  }
  yield* prepend(first, pieces);
}

async function* prepend(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* rest;
}

function findPacking(first: Uint8Array): (typeof packings)[number] | undefined {
  return packings.find(({ magic }) => magic.every((byte, i) => first[i] === byte));
}
