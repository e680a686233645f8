import koffi from 'koffi';
import { NetmonError } from '../base/errors.ts';
import type { FilterByLink } from '../decode/capture/device-filter.ts';
import type { BpfInstruction } from '../decode/capture/packet-filter.ts';
import { linkTypes } from '../decode/packet/link.ts';

/** Largest packet of a capture file (MAXIMUM_SNAPLEN of libpcap), so that a filter takes all of it. */
const snapLength = 262_144;
/** No netmask is known: only `ip broadcast` needs one (PCAP_NETMASK_UNKNOWN). */
const unknownNetmask = 0xffffffff;
/** `struct bpf_program` is a length and a pointer, an instruction is of eight bytes. */
const programBytes = 16;
const instructionBytes = 8;
/** Link types of files that libpcap knows by other numbers inside (pcap-common.c): ATM, raw IP, ATM Classical IP. */
const internalNumbers: Readonly<Record<number, number>> = { 100: 11, 101: 12, 106: 19 };

type Handle = object;

interface Libpcap {
  readonly open: (linkType: number, snapLength: number) => Handle | null;
  readonly compile: (
    handle: Handle,
    program: Uint8Array,
    text: string,
    optimize: number,
    mask: number,
  ) => number;
  readonly error: (handle: Handle) => string;
  readonly free: (program: Uint8Array) => void;
  readonly close: (handle: Handle) => void;
}

let bound: Libpcap | undefined;

/**
 * Compiles an expression of pcap-filter(7) for packets of a link type (LINKTYPE_ of files), by libpcap. Throws
 * NM_BAD_FILTER with libpcap's words for one that it does not take, NM_NOT_SUPPORTED where libpcap is not installed.
 */
export function compilePcapFilter(expression: string, linkType: number): BpfInstruction[] {
  bound ??= bind();
  if (expression.includes('\0')) throw new NetmonError('NM_BAD_FILTER', 'a filter holds no null character');
  const handle = bound.open(internalNumbers[linkType] ?? linkType, snapLength);
  if (!handle) throw new NetmonError('NM_SYSTEM', 'unable to prepare libpcap');
  const program = new Uint8Array(programBytes);
  try {
    if (bound.compile(handle, program, expression, 1, unknownNetmask) !== 0)
      throw new NetmonError('NM_BAD_FILTER', `filter ${JSON.stringify(expression)}: ${bound.error(handle)}`);
    const instructions = readInstructions(program);
    bound.free(program);
    return instructions;
  } finally {
    bound.close(handle);
  }
}

/** A filter for what devices hand over, with the text that it was compiled from. */
export interface DeviceFilter extends FilterByLink {
  readonly expression: string;
}

/** What no packet passes. */
const nothing: readonly BpfInstruction[] = [{ code: 6, jt: 0, jf: 0, k: 0 }];

/**
 * Compiles an expression for devices of either kind; what only Ethernet has, such as addresses of stations, matches
 * nothing elsewhere. Throws as `compilePcapFilter`.
 */
export function compileDeviceFilter(expression: string): DeviceFilter {
  const ethernet = compilePcapFilter(expression, linkTypes.ethernet);
  try {
    return { expression, ethernet, raw: compilePcapFilter(expression, linkTypes.raw) };
  } catch {
    return { expression, ethernet, raw: nothing };
  }
}

/**
 * Throws what is wrong with an expression before any packet was read, so before it is known of what link type they are:
 * NM_BAD_FILTER when it suits none of those that have words of their own in pcap-filter(7).
 */
export function checkPcapFilter(expression: string): void {
  let first: unknown;
  for (const linkType of [linkTypes.ethernet, linkTypes.wireless, linkTypes.pfLog]) {
    try {
      compilePcapFilter(expression, linkType);
      return;
    } catch (thrown) {
      first ??= thrown;
    }
  }
  throw first;
}

function readInstructions(program: Uint8Array): BpfInstruction[] {
  const count = new DataView(program.buffer).getUint32(0, true);
  const pointer = new DataView(program.buffer).getBigUint64(8, true);
  if (count === 0) return [];
  const view = new DataView(koffi.view(pointer, count * instructionBytes).slice(0));
  return Array.from({ length: count }, (_, i) => {
    const at = i * instructionBytes;
    return {
      code: view.getUint16(at, true),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    };
  });
}

function bind(): Libpcap {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load('libpcap.so.0.8');
  } catch {
    throw new NetmonError('NM_NOT_SUPPORTED', 'filters need libpcap (Debian: apt-get install libpcap0.8)');
  }
  const f = (prototype: string) => library.func(prototype);
  return {
    open: f('void *pcap_open_dead(int linktype, int snaplen)'),
    compile: f('int pcap_compile(void *p, void *program, const char *text, int optimize, uint32_t netmask)'),
    error: f('const char *pcap_geterr(void *p)'),
    free: f('void pcap_freecode(void *program)'),
    close: f('void pcap_close(void *p)'),
  };
}
