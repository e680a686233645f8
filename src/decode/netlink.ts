/**
 * Netlink messages (netlink(7), include/uapi/linux/netlink.h): a header of 16 bytes, a fixed part by type, attributes.
 * Integers are in the machine's order, which is little-endian wherever netmon runs. What is cut short ends the reading.
 */

/** Types of a control message. */
export const netlinkTypes = { error: 2, done: 3 } as const;
/** The kernel's answer is not of one moment: something changed while it was put together (NLM_F_DUMP_INTR). */
export const flagInterrupted = 0x10;

export const netlinkHeaderBytes = 16;
const attributeHeaderBytes = 4;
/** The upper bits of an attribute's type are flags, NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const attributeTypeMask = 0x3fff;

/** A message inside what was received: `from` to `end` is what follows its header. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly from: number;
  readonly end: number;
}

/** Visits the messages in the first `length` bytes; a malformed one ends it, and the answer is then false. */
export function visitMessages(
  view: DataView,
  length: number,
  visit: (message: NetlinkMessage) => void,
): boolean {
  const limit = Math.min(length, view.byteLength);
  let at = 0;
  while (at + netlinkHeaderBytes <= limit) {
    const size = view.getUint32(at, true);
    if (size < netlinkHeaderBytes || at + size > limit) return false;
    visit({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      from: at + netlinkHeaderBytes,
      end: at + size,
    });
    at += align(size);
  }
  return at >= limit;
}

/** Visits the attributes between two offsets: `visit(type, from, end)`; a malformed one ends it. */
export function visitAttributes(
  view: DataView,
  from: number,
  end: number,
  visit: (type: number, from: number, end: number) => void,
): void {
  const limit = Math.min(end, view.byteLength);
  for (let at = from; at + attributeHeaderBytes <= limit; ) {
    const size = view.getUint16(at, true);
    if (size < attributeHeaderBytes || at + size > limit) return;
    visit(view.getUint16(at + 2, true) & attributeTypeMask, at + attributeHeaderBytes, at + size);
    at += align(size);
  }
}

/** The errno of an error message or of the end of a dump, 0 for none; null when the message is cut short. */
export function readError(view: DataView, message: NetlinkMessage): number | null {
  return message.from + 4 <= message.end ? -view.getInt32(message.from, true) : null;
}

/** Writes the header of a request into the first 16 bytes. */
export function writeHeader(
  view: DataView,
  length: number,
  type: number,
  flags: number,
  sequence: number,
): void {
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, 0, true);
}

/** Text up to the first NUL, each byte a character unless it is UTF-8. */
export function readText(view: DataView, from: number, end: number): string {
  let stop = from;
  while (stop < end && view.getUint8(stop) !== 0) stop++;
  let text = '';
  for (let at = from; at < stop; at++) text += `%${view.getUint8(at).toString(16).padStart(2, '0')}`;
  try {
    return decodeURIComponent(text);
  } catch {
    return unescapeBytes(text);
  }
}

/** A 64-bit counter as a number, exact to 2^53. */
export function readU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function unescapeBytes(text: string): string {
  return text.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function align(size: number): number {
  return (size + 3) & ~3;
}
