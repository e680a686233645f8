import type { BpfInstruction } from './packet-filter.ts';

/** A filter for packets that begin with an Ethernet header, and one for those that begin with that of IP. */
export interface FilterByLink {
  readonly ethernet: readonly BpfInstruction[];
  readonly raw: readonly BpfInstruction[];
}

/** What a program on a socket may ask beside the packet: SKF_AD_* of include/uapi/linux/filter.h. */
const ancillary = { packetType: 0xfffff004, interface: 0xfffff008, device: 0xfffff01c } as const;
const loadWord = 0x20;
const jumpIfEqual = 0x15;
const jump = 0x05;
const answer = 0x06;
const classOf = (code: number): number => code & 7;
const packetOutgoing = 4;
const loopbackIndex = 1;
/** ARPHRD_ETHER and ARPHRD_LOOPBACK. */
const devices = { ethernet: 1, loopback: 772 } as const;

const word = (code: number, k: number, jt = 0, jf = 0): BpfInstruction => ({ code, jt, jf, k });

/**
 * A program for a socket that hears all interfaces at once: it takes the first `bytes` of packets that pass the filter of
 * their kind of device, and of what is sent over loopback only the arrival. Without a filter all pass.
 */
export function makeDeviceProgram(filter: FilterByLink | null, bytes: number): BpfInstruction[] {
  const take = [word(answer, bytes)];
  const ethernet = filter ? filter.ethernet.map((one) => shorten(one, bytes)) : take;
  const raw = filter ? filter.raw.map((one) => shorten(one, bytes)) : take;
  return [
    word(loadWord, ancillary.packetType),
    word(jumpIfEqual, packetOutgoing, 0, 3),
    word(loadWord, ancillary.interface),
    word(jumpIfEqual, loopbackIndex, 0, 1),
    word(answer, 0),
    word(loadWord, ancillary.device),
    word(jumpIfEqual, devices.ethernet, 2, 0),
    word(jumpIfEqual, devices.loopback, 1, 0),
    word(jump, ethernet.length),
    ...ethernet,
    ...raw,
  ];
}

/** An answer is how many bytes to take. */
const shorten = (one: BpfInstruction, bytes: number): BpfInstruction =>
  classOf(one.code) === answer && one.k !== 0 ? { ...one, code: answer, k: bytes } : one;
