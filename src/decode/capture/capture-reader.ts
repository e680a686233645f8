import {
  type CapturedPacket,
  type CaptureFormat,
  type CaptureListener,
  maxRecordBytes,
} from './captured-packet.ts';
import { isPcap, PcapFormat } from './pcap.ts';
import { blockTypes, PcapngFormat } from './pcapng.ts';

/** Bytes taken in at a time. It stays in a processor's second cache; larger ones were slower. */
const defaultBufferBytes = 256 * 1024;
/** The first word says what kind of file it is. */
const magicBytes = 4;

/**
 * Reads a capture file of any size in constant memory. Bytes are put into `space()`, then `took()` hands on the packets
 * that are whole; `end()` says that there are no more. Nothing throws, whatever the bytes: see `error`.
 */
export class CaptureReader {
  readonly #listener: CaptureListener;
  #buffer: Uint8Array;
  #start = 0;
  #end = 0;
  /** Bytes to pass over before the next that count. */
  #skip = 0;
  /** Place in the file of `#start`. */
  #offset = 0;
  #format: CaptureFormat | null = null;
  /** Where and how the file is damaged; the packets before that, and those after it that are sound, were handed on. */
  error: string | null = null;
  /** No more bytes are wanted: what follows the damage cannot be read. */
  failed = false;

  constructor(onPacket: (packet: CapturedPacket) => void, bufferBytes = defaultBufferBytes) {
    this.#listener = {
      onPacket,
      onComplaint: (why, at) => {
        this.error ??= place(why, this.#offset + at - this.#start);
      },
    };
    this.#buffer = new Uint8Array(Math.max(bufferBytes, 64));
  }

  /** Where the next bytes of the file are wanted; never empty. Valid until the next call. */
  space(): Uint8Array {
    const left = this.#end - this.#start;
    const need = Math.min(this.#format?.need ?? magicBytes, maxRecordBytes);
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = left;
    }
    if (this.#buffer.length < need) {
      const larger = new Uint8Array(need);
      larger.set(this.#buffer.subarray(0, this.#end));
      this.#buffer = larger;
    }
    return this.#buffer.subarray(this.#end);
  }

  /** That many bytes were written to the beginning of `space()`. */
  took(bytes: number): void {
    this.#end += bytes;
    const skipped = Math.min(this.#skip, this.#end - this.#start);
    this.#skip -= skipped;
    this.#advance(this.#start + skipped);
    if (this.#skip > 0 || this.failed) return;
    this.#format ??= this.#recognise();
    if (!this.#format) return;
    const reached = this.#format.read(this.#buffer, this.#start, this.#end);
    this.#skip = Math.max(0, reached - this.#end);
    this.#advance(Math.min(reached, this.#end));
    if (this.#format.failure !== null) this.#fail(this.#format.failure);
  }

  /** Takes bytes from elsewhere. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.failed; ) {
      const space = this.space();
      const part = chunk.subarray(at, at + space.length);
      space.set(part);
      this.took(part.length);
      at += part.length;
    }
  }

  /** There are no more bytes; `why` where that is because they could not be read. */
  end(why: string | null = null): void {
    if (this.failed) return;
    if (why !== null) {
      this.#fail(why);
      return;
    }
    const left = this.#end - this.#start;
    if (this.#format === null) {
      this.#fail(this.#offset + left === 0 ? 'the file is empty' : 'neither pcap nor pcapng');
    } else if (left > 0 || this.#skip > 0) {
      this.#fail(`the file ends in the middle of a record, ${left} bytes after its start`);
    }
  }

  #advance(to: number): void {
    this.#offset += to - this.#start;
    this.#start = to;
  }

  #recognise(): CaptureFormat | null {
    if (this.#end - this.#start < magicBytes) return null;
    if (isPcap(this.#buffer, this.#start)) return new PcapFormat(this.#listener);
    const view = new DataView(this.#buffer.buffer, this.#start, magicBytes);
    if (view.getUint32(0) === blockTypes.section) return new PcapngFormat(this.#listener);
    this.#fail('neither pcap nor pcapng');
    return null;
  }

  #fail(why: string): void {
    this.failed = true;
    this.error ??= place(why, this.#offset);
  }
}

function place(why: string, offset: number): string {
  return `${why} (at byte ${offset})`;
}
