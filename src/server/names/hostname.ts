/** Longest name in text, RFC 1035 section 2.3.4. */
const maxLength = 253;

/**
 * A host name in lower case without the final dot, or null when it is none: letters, digits, hyphens and the
 * underscores of service names, labels of 1 to 63 (RFC 1123 section 2.1). What a DNS answer may hold besides is hostile.
 */
export function cleanHostname(text: string): string | null {
  const name = text.replace(/\.$/, '').toLowerCase();
  if (name.length === 0 || name.length > maxLength) return null;
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
  return name.split('.').every((part) => label.test(part)) ? name : null;
}
