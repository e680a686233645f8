/** Longest text that is looked at for PEM blocks. */
const maxPemLength = 64 * 1024;
const block = /-----BEGIN ([A-Z0-9 ]{1,32})-----\r?\n[A-Za-z0-9+/=\r\n]{1,32768}-----END \1-----/g;

/** The PEM blocks (RFC 7468) of a text with this label, in order, each with a final newline; none where it is too long. */
export function findPem(text: string, label: string): string[] {
  if (text.length > maxPemLength) return [];
  return [...text.matchAll(block)].filter((match) => match[1] === label).map(([whole]) => `${whole}\n`);
}
