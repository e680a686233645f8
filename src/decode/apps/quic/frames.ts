import { VarintReader } from './packet.ts';

/** Frame types of Initial packets, RFC 9000 section 19. */
const padding = 0x00;
const ping = 0x01;
const ack = 0x02;
const ackEcn = 0x03;
/** In Google's versions types are others: PING is 7, an ACK has this bit and says in others how long its numbers are. */
const googleCrypto = 0x08;
const googlePing = 0x07;
const googleAck = 0x40;
const googleLengths = [1, 2, 4, 6];

/** Hands on the CRYPTO frames in the content of an Initial packet, up to the first frame that is of no use. */
export function readCryptoFrames(
  bytes: Uint8Array,
  cryptoFrame: number,
  onCrypto: (offset: number, start: number, end: number) => void,
): void {
  const reader = new VarintReader(bytes, 0, bytes.length);
  while (reader.at < bytes.length) {
    const type = bytes[reader.at++];
    const isGoogle = cryptoFrame === googleCrypto;
    if (type === padding || type === (isGoogle ? googlePing : ping)) continue;
    if (isGoogle && type >> 6 === googleAck >> 6) skipGoogleAck(reader, type);
    else if (!isGoogle && (type === ack || type === ackEcn)) skipAck(reader, type);
    else if (type === cryptoFrame) {
      const offset = reader.next();
      const length = reader.next();
      const start = reader.at;
      reader.skip(length);
      if (reader.short) return;
      onCrypto(offset, start, reader.at);
    } else return;
    if (reader.short) return;
  }
}

function skipAck(reader: VarintReader, type: number): void {
  reader.next();
  reader.next();
  let ranges = reader.next();
  reader.next();
  while (ranges-- > 0 && !reader.short) {
    reader.next();
    reader.next();
  }
  if (type === ackEcn) for (let i = 0; i < 3; i++) reader.next();
}

/** Chromium, quic_framer.cc: the largest number, a delay, blocks with the gaps between them, and times of arrival. */
function skipGoogleAck(reader: VarintReader, type: number): void {
  const blockBytes = googleLengths[type & 3];
  reader.skip(googleLengths[(type >> 2) & 3] + 2);
  const blocks = type & 0x20 ? nextByte(reader) : 0;
  reader.skip(blockBytes + blocks * (1 + blockBytes));
  const times = nextByte(reader);
  if (times > 0) reader.skip(5 + 3 * (times - 1));
}

function nextByte(reader: VarintReader): number {
  const { at } = reader;
  reader.skip(1);
  return reader.short ? 0 : reader.bytes[at];
}
