import { makeDeviceProgram } from '../../decode/capture/device-filter.ts';
import { getLibc } from '../../sys/libc.ts';
import { countPackets, openPacketSocket } from '../../sys/packet-socket.ts';
import type { PacketBlocks } from '../../sys/packet-socket-ring.ts';
import type { DeviceFilter } from '../../sys/pcap-filter.ts';

/** Of each packet: headers and as much payload as the kernel's programs would copy (COPY_BYTES of bpf/inspect.h). */
const packetBytes = 4608;

/** Small blocks, since one is handed over every 20 ms, full or not: a ring of 8 MB holds what comes in 1.3 s. */
const blockBytes = 128 * 1024;
export const tapBlocks = (ringBytes: number): PacketBlocks => ({
  bytes: blockBytes,
  count: Math.max(2, Math.floor(ringBytes / blockBytes)),
});

/** The packets of all interfaces where the kernel takes no programs: a packet socket, whose ring another process reads. */
export class PacketTap implements Disposable {
  readonly fd: number;
  readonly #counts = { received: 0, dropped: 0 };

  /** Throws NM_SYSTEM without CAP_NET_RAW. */
  constructor(ringBytes: number, filter: DeviceFilter | null) {
    const program = makeDeviceProgram(filter, packetBytes);
    const options = { interface: 0, loopback: false, promiscuous: false, filter: program };
    this.fd = openPacketSocket({ ...options, blocks: tapBlocks(ringBytes) });
  }

  /** Packets for which the ring had no room. */
  get dropped(): number {
    countPackets(this.fd, this.#counts);
    return this.#counts.dropped;
  }

  [Symbol.dispose](): void {
    getLibc().close(this.fd);
  }
}
