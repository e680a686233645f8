import { hex, join } from '../packet/build.fixture.ts';

/** What a reader is expected to hand on, and what a file is made of. */
export interface FilePacket {
  readonly bytes: Uint8Array;
  readonly timeMs: number;
  /** On the wire; the number of bytes unless said. */
  readonly length?: number;
}

export type ByteOrder = 'big' | 'little';

/** Numbers of 16 and 32 bits in a byte order. */
export function numbers(order: ByteOrder): {
  u16: (value: number) => Uint8Array;
  u32: (value: number) => Uint8Array;
} {
  const write = (bytes: number, value: number): Uint8Array => {
    const view = new DataView(new ArrayBuffer(bytes));
    if (bytes === 2) view.setUint16(0, value, order === 'little');
    else view.setUint32(0, value, order === 'little');
    return new Uint8Array(view.buffer);
  };
  return { u16: (value) => write(2, value), u32: (value) => write(4, value) };
}

export interface PcapOptions {
  readonly order?: ByteOrder;
  readonly magic?: number;
  readonly version?: readonly [number, number];
  readonly linkType?: number;
  readonly snapLength?: number;
}

/** A pcap file with these packets. */
export function buildPcap(packets: readonly FilePacket[], options: PcapOptions = {}): Uint8Array {
  const {
    order = 'little',
    magic = 0xa1b2c3d4,
    version = [2, 4],
    linkType = 1,
    snapLength = 65_535,
  } = options;
  const { u16, u32 } = numbers(order);
  const perMs = magic === 0xa1b2c3d4 || magic === 0xa1b2cd34 ? 1000 : 1_000_000;
  const [major, minor] = version;
  const head = [u32(magic), u16(major), u16(minor), u32(0), u32(0), u32(snapLength), u32(linkType)];
  if (magic === 0x1c0001ac || magic === 0x1c0001ab) head.push(u32(0));
  return join(
    ...head,
    ...packets.flatMap(({ bytes, timeMs, length = bytes.length }) => [
      u32(Math.floor(timeMs / 1000)),
      u32(Math.round((timeMs % 1000) * perMs)),
      ...(minor < 3 ? [u32(length), u32(bytes.length)] : [u32(bytes.length), u32(length)]),
      ...(magic === 0xa1b2cd34 ? [hex('00000000 0800 00 00')] : []),
      bytes,
    ]),
  );
}

/** Blocks of pcapng in one byte order, to be joined. */
export function pcapngBlocks(order: ByteOrder): {
  block: (type: number, body: Uint8Array) => Uint8Array;
  section: (version?: readonly [number, number]) => Uint8Array;
  describe: (linkType: number, options?: Uint8Array, snapLength?: number) => Uint8Array;
  option: (code: number, value: Uint8Array) => Uint8Array;
  enhanced: (index: number, units: bigint, bytes: Uint8Array, length?: number) => Uint8Array;
  obsolete: (index: number, units: bigint, bytes: Uint8Array) => Uint8Array;
  simple: (bytes: Uint8Array, length?: number) => Uint8Array;
} {
  const { u16, u32 } = numbers(order);
  const pad = (bytes: Uint8Array): Uint8Array => join(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
  const block = (type: number, body: Uint8Array): Uint8Array =>
    join(u32(type), u32(body.length + 12), body, u32(body.length + 12));
  const time = (units: bigint): Uint8Array =>
    join(u32(Number(units >> 32n)), u32(Number(units & 0xffffffffn)));
  return {
    block,
    section: ([major, minor] = [1, 0]) =>
      block(0x0a0d0d0a, join(u32(0x1a2b3c4d), u16(major), u16(minor), hex('ffffffff ffffffff'))),
    describe: (linkType, options = hex(''), snapLength = 0) =>
      block(1, join(u16(linkType), u16(0), u32(snapLength), options)),
    option: (code, value) => join(u16(code), u16(value.length), pad(value)),
    enhanced: (index, units, bytes, length = bytes.length) =>
      block(6, join(u32(index), time(units), u32(bytes.length), u32(length), pad(bytes))),
    obsolete: (index, units, bytes) =>
      block(2, join(u16(index), u16(0), time(units), u32(bytes.length), u32(bytes.length), pad(bytes))),
    simple: (bytes, length = bytes.length) => block(3, join(u32(length), pad(bytes))),
  };
}
