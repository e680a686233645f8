import { u16, u32 } from './bytes.ts';
import { arpProtocol, type Layer, layers, type Packet } from './packet.ts';

/** ARP for IPv4 (RFC 826): a flow between who asks and who is asked for, without ports. */
export function decodeArp(packet: Packet): Layer {
  const { bytes, at, addresses } = packet;
  if (packet.lacks(8, 'ARP header cut short')) return layers.none;
  const hardwareBytes = bytes[at + 4];
  if (u16(bytes, at + 2) !== 0x0800 || bytes[at + 5] !== 4) return layers.none;
  const length = 8 + 2 * (hardwareBytes + 4);
  if (packet.lacks(length, 'ARP addresses cut short')) return layers.none;
  packet.enterNetwork(4);
  packet.protocol = arpProtocol;
  packet.networkBytes = length;
  addresses.fill(0);
  addresses[2] = 0xffff;
  addresses[3] = u32(bytes, at + 8 + hardwareBytes);
  addresses[6] = 0xffff;
  addresses[7] = u32(bytes, at + 8 + 2 * hardwareBytes + 4);
  return layers.none;
}
