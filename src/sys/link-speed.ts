import koffi from 'koffi';
import { getLibc } from './libc.ts';

/** include/uapi/linux/sockios.h. */
const siocEthtool = 0x8946;
/** Get the settings of a link, include/uapi/linux/ethtool.h: answered by each driver that knows its speed. */
const ethtoolGset = 1;
const nameBytes = 16;
const speedUnknown = 0xffffffff;
const afInet = 2;
const sockDgram = 2;
const sockCloexec = 0o2000000;

/** Layout of struct ethtool_cmd. */
const commandBytes = 44;
const speedAt = 12;
const speedHighAt = 28;

const command = new DataView(new ArrayBuffer(commandBytes));
/** struct ifreq: the name, then a pointer to the command. */
const request = new DataView(new ArrayBuffer(40));
const requestBytes = new Uint8Array(request.buffer);

/**
 * Speed of an interface of this network namespace in megabits per second, or null where its driver states none. It is
 * asked of the driver, which for a network card may take some milliseconds.
 */
export function readLinkSpeed(name: string): number | null {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length >= nameBytes) return null;
  const libc = getLibc();
  const fd = libc.socket(afInet, sockDgram | sockCloexec, 0);
  if (fd < 0) return null;
  requestBytes.fill(0);
  requestBytes.set(encoded);
  request.setBigUint64(nameBytes, koffi.address(command.buffer), true);
  command.setUint32(0, ethtoolGset, true);
  const answer = libc.ioctl(fd, siocEthtool, 'void *', requestBytes);
  libc.close(fd);
  if (answer < 0) return null;
  const speed = command.getUint16(speedAt, true) + command.getUint16(speedHighAt, true) * 65536;
  return speed === 0 || speed === speedUnknown || speed === 0xffff ? null : speed;
}
