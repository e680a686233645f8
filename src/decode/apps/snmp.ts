import type { AppProtocol } from './protocol.ts';

const tag = { integer: 0x02, octets: 0x04, sequence: 0x30 };
/** RFC 1157 and RFC 3416 section 3: request, next, response, set, trap, bulk, inform, trap of version 2, report. */
const firstOperation = 0xa0;
const lastOperation = 0xa8;
const maxLengthOctets = 3;

/** Versions 1, 2c (RFC 1901) and 3 (RFC 3412). */
export const snmp: AppProtocol = {
  name: 'snmp',
  transports: ['udp', 'tcp'],
  ports: [161, 162],
  recognise({ bytes, start, end, transport, beginning }) {
    if (!beginning && transport === 'tcp') return 'no';
    if (bytes[start] !== tag.sequence) return 'no';
    const reader = new BerReader(bytes, start, end);
    const length = reader.enter(tag.sequence);
    if (length < 0) return transport === 'tcp' && end - start < 6 ? 'more' : 'no';
    if (transport === 'udp' && reader.at + length !== end) return 'no';
    const version = reader.number();
    if (version === 3) return isVersion3(reader) ? 'yes' : 'no';
    if (version !== 0 && version !== 1) return 'no';
    if (!reader.skip(tag.octets) || reader.at >= end)
      return transport === 'tcp' && end - start < 64 ? 'more' : 'no';
    const operation = bytes[reader.at];
    return operation >= firstOperation && operation <= lastOperation ? 'yes' : 'no';
  },
};

/** RFC 3412 section 6: number and size of the message, one byte of flags, security model. */
function isVersion3(reader: BerReader): boolean {
  if (reader.enter(tag.sequence) < 0 || !reader.skip(tag.integer) || !reader.skip(tag.integer)) return false;
  return reader.enter(tag.octets) === 1;
}

/** Reads elements of BER one after the other. */
class BerReader {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  /** Goes to the content of an element with that tag: its length, -1 when there is none. */
  enter(wanted: number): number {
    if (this.at + 2 > this.#end || this.#bytes[this.at] !== wanted) return -1;
    const first = this.#bytes[this.at + 1];
    const octets = first < 0x80 ? 0 : first & 0x7f;
    if (octets > maxLengthOctets || this.at + 2 + octets > this.#end || first === 0x80) return -1;
    let length = octets === 0 ? first : 0;
    for (let i = 0; i < octets; i++) length = length * 256 + this.#bytes[this.at + 2 + i];
    this.at += 2 + octets;
    return length;
  }

  /** Passes over an element with that tag. */
  skip(wanted: number): boolean {
    const length = this.enter(wanted);
    this.at += Math.max(0, length);
    return length >= 0 && this.at <= this.#end;
  }

  /** An integer of one byte, -1 when there is none. */
  number(): number {
    if (this.enter(tag.integer) !== 1 || this.at >= this.#end) return -1;
    return this.#bytes[this.at++];
  }
}
