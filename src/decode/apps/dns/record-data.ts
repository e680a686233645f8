import { type DomainName, decodeName } from './domain-name.ts';

/** Where a record's data lies: in `start` to `end` of a message that begins at `message` and stops at `messageEnd`. */
export interface RecordData {
  readonly bytes: Uint8Array;
  readonly message: number;
  readonly messageEnd: number;
  readonly start: number;
  readonly end: number;
}

/** The domain name at `at`; null when there is none, or it ends after the data. */
export function nameIn(data: RecordData, at: number): DomainName | null {
  const name = decodeName(data.bytes, data.message, at, data.messageEnd);
  return name !== null && name.next <= data.end ? name : null;
}
