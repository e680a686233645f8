/** Looking at bytes as ASCII, without making strings of them. */

/** Whether `text` (ASCII) is at `at`; false when less is there. */
export function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether what is there, at most as long as `text`, agrees with it: a beginning of it or all of it. */
export function mayStartWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  const length = Math.min(text.length, end - at);
  for (let i = 0; i < length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
