const noBytes = new Uint8Array(0);

/** A packet as a capture file holds it. One object, filled again for each: valid during the call alone. */
export class CapturedPacket {
  bytes: Uint8Array = noBytes;
  /** What was captured of it. */
  start = 0;
  end = 0;
  /** Of the packet on the wire. */
  length = 0;
  /** LINKTYPE_ of the registry at www.tcpdump.org/linktypes.html. */
  linkType = 0;
  /** Unix milliseconds with a fraction, between the years 1970 and 9999. */
  timeMs = 0;
  /** Number of the interface it was captured on, counted over all sections of the file. */
  interfaceNumber = 0;
}

export interface CaptureListener {
  onPacket(packet: CapturedPacket): void;
  /** A record was left out because of what is wrong with it. `at` is its place in the bytes that are read. */
  onComplaint(why: string, at: number): void;
}

/** The last millisecond that RFC 3339 can write. */
const latestMs = 253_402_300_799_999;

/** A time that can be shown, 0 for one that cannot. */
export function toShownMs(ms: number): number {
  return ms >= 0 && ms <= latestMs ? ms : 0;
}

/**
 * A capture file's format. `read` takes the whole records between `start` and `end` and returns where it stopped: at
 * the first incomplete record, of which it then knows `need` bytes to be wanted, or beyond `end` when what lies between
 * is of no interest.
 */
export interface CaptureFormat {
  read(bytes: Uint8Array, start: number, end: number): number;
  /** Bytes wanted from where `read` stopped, at most `maxRecordBytes`. */
  readonly need: number;
  /** Why nothing more can be read, without the place; `read` then stopped where it is. */
  readonly failure: string | null;
}

/** Largest record that is read; libpcap's limit for blocks of pcapng is the same (INITIAL_MAX_BLOCKSIZE). */
export const maxRecordBytes = 16 * 1024 * 1024;
