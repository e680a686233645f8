import { type Layer, layers, type Packet } from './packet.ts';

const dataType = 2;
/** Bits of a data frame's subtype: no data in it, and a QoS field in its header. */
const noData = 4;
const qos = 8;
/** Bits of the second byte of frame control. */
const toDistribution = 1;
const fromDistribution = 2;
const encrypted = 0x40;
const order = 0x80;

/** A data frame of IEEE 802.11 (section 9.3.2) that is not encrypted; all others hold nothing for us. */
export function decodeWireless(packet: Packet): Layer {
  const { bytes, at } = packet;
  if (packet.end - at < 24) return layers.none;
  const type = (bytes[at] >> 2) & 3;
  const subtype = bytes[at] >> 4;
  const control = bytes[at + 1];
  if (type !== dataType || subtype & noData || control & encrypted) return layers.none;
  let header = 24;
  if (control & toDistribution && control & fromDistribution) header += 6;
  if (subtype & qos) {
    if (packet.end - at < header + 2) return layers.none;
    const aggregated = (bytes[at + header] & 0x80) !== 0;
    header += 2;
    if (control & order) header += 4;
    // The first of the frames in it, which has addresses and a length of its own.
    if (aggregated) header += 14;
  }
  packet.at += header;
  return layers.llc;
}
