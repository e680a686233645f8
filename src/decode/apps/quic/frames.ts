import { VarintReader } from './packet.ts';

/** Frame types of Initial packets, RFC 9000 section 19. */
const padding = 0x00;
const ping = 0x01;
const ack = 0x02;
const ackEcn = 0x03;

/** Hands on the CRYPTO frames in the content of an Initial packet, up to the first frame that is of no use. */
export function readCryptoFrames(
  bytes: Uint8Array,
  cryptoFrame: number,
  onCrypto: (offset: number, start: number, end: number) => void,
): void {
  const reader = new VarintReader(bytes, 0, bytes.length);
  while (reader.at < bytes.length) {
    const type = bytes[reader.at++];
    if (type === padding || type === ping) continue;
    if (type === ack || type === ackEcn) skipAck(reader, type);
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
