const tls13 = 0x0304;

/** Version numbers as they are in hellos, RFC 8446 section 4.2.1 and RFC 9147 section 5.3. */
const names: ReadonlyMap<number, string> = new Map([
  [0x0002, 'SSL 2.0'],
  [0x0300, 'SSL 3.0'],
  [0x0301, '1.0'],
  [0x0302, '1.1'],
  [0x0303, '1.2'],
  [tls13, '1.3'],
  [0x0100, 'DTLS 1.0'],
  [0xfeff, 'DTLS 1.0'],
  [0xfefd, 'DTLS 1.2'],
  [0xfefc, 'DTLS 1.3'],
]);

/** A version as it is shown, drafts of TLS 1.3 as `1.3`; null for one that is not known. */
export function nameVersion(version: number): string | null {
  return names.get(version) ?? (isDraft13(version) ? '1.3' : null);
}

/** Drafts of TLS 1.3: those of the working group, and Facebook's and Google's of the same time. */
export function isDraft13(version: number): boolean {
  const high = version >> 8;
  return high === 0x7f || high === 0x7e || high === 0xfb;
}

/** Values that mean nothing and keep servers from choking on new ones, RFC 8701 section 2. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** The newest of versions; 0 of none. Versions of DTLS count downwards. */
export function newestVersion(offered: readonly number[]): number {
  let newest = 0;
  for (const version of offered)
    if (nameVersion(version) !== null && (newest === 0 || rank(version) > rank(newest))) newest = version;
  return newest;
}

function rank(version: number): number {
  if (isDraft13(version)) return tls13;
  return version >= 0xfe00 ? 0xffff - version : version;
}
