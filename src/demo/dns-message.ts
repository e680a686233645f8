/** DNS messages of one question (RFC 1035 section 4), as far as a resolver of made-up names needs them. */

/** Longest name on the wire and longest label, RFC 1035 section 2.3.4. */
const maxName = 255;
const maxLabel = 63;
const headerLength = 12;

export const questionTypes = { A: 1, MX: 15, AAAA: 28 } as const;
export const rcodes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3 } as const;
export type Rcode = keyof typeof rcodes;

export interface Question {
  readonly id: number;
  /** In lower case, without the final dot. */
  readonly name: string;
  readonly type: number;
  /** The question section as it came, to be sent back. */
  readonly section: Uint8Array;
}

/** A question that asks for recursion. */
export function encodeQuestion(id: number, name: string, type: number): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(1, 2);
  return Buffer.concat([header, encodeName(name), tail]);
}

/** The question of a query; null for anything that is not a query with exactly one. */
export function decodeQuestion(message: Uint8Array): Question | null {
  const view = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (view.length < headerLength || (view[2] & 0xf8) !== 0 || view.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = headerLength;
  for (;;) {
    const length = view[at];
    if (length === undefined || length > maxLabel || at - headerLength > maxName) return null;
    at++;
    if (length === 0) break;
    labels.push(view.toString('latin1', at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > view.length) return null;
  return {
    id: view.readUInt16BE(0),
    name: labels.join('.'),
    type: view.readUInt16BE(at),
    section: view.subarray(headerLength, at + 4),
  };
}

/** An answer with the data of each record, all of the type that was asked for. */
export function encodeAnswer(
  { id, type, section }: Question,
  rcode: Rcode,
  data: readonly Uint8Array[],
  ttl: number,
): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x8180 | rcodes[rcode], 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(data.length, 6);
  const records = data.map((each) => {
    const record = Buffer.alloc(12);
    // The name of the question, by a pointer to it (RFC 1035 section 4.1.4).
    record.writeUInt16BE(0xc000 | headerLength, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(ttl, 6);
    record.writeUInt16BE(each.length, 10);
    return Buffer.concat([record, each]);
  });
  return Buffer.concat([header, section, ...records]);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => {
    const bytes = Buffer.from(label, 'latin1').subarray(0, maxLabel);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...labels, Buffer.from([0])]);
}
