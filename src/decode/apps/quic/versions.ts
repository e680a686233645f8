/** How the Initial packets of a version are recognised and protected. */
export interface QuicVersion {
  readonly salt: Uint8Array;
  /** What the labels of its keys begin with. */
  readonly label: 'quic' | 'quicv2';
  /** Type bits of Initial and Retry packets. */
  readonly initialType: number;
  readonly retryType: number;
  /** Type of the frames that carry the handshake. */
  readonly cryptoFrame: number;
  /** Where the handshake is not TLS but Google's own: what that version calls itself. */
  readonly google?: string;
}

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16));

const like1 = (salt: string): QuicVersion => ({
  salt: fromHex(salt),
  label: 'quic',
  initialType: 0,
  retryType: 3,
  cryptoFrame: 0x06,
});

/** RFC 9001 section 5.2. */
const version1 = like1('38762cf7f55934b34d179ae6a4c80cadccbb7f0a');
/** RFC 9369 section 3. */
const version2: QuicVersion = {
  salt: fromHex('0dede3def700a6db819381be6e269dcbf9bd2ed9'),
  label: 'quicv2',
  initialType: 1,
  retryType: 0,
  cryptoFrame: 0x06,
};
/** draft-ietf-quic-tls-29 section 5.2, and what it was in -23 and -22. */
const draft29 = like1('afbfec289993d24c9e9786f19c6111e04390a899');
const draft23 = like1('c3eef712c72ebb5a11a7d2432bb46365bef9f502');
const draft22 = like1('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a');
/** Google's versions with TLS, T050 and T051, as Chromium has them; frames are those of its older versions. */
const google50 = { ...like1('7ff579e5acd072915580304c43a2367c60488310'), cryptoFrame: 0x08 };
/** The last with Google's own handshake, and the first whose packets are protected. */
const googleQ50 = {
  ...like1('504574efd066fe2f9d945cfcdbd3a7f0d3b56b45'),
  cryptoFrame: 0x08,
  google: 'Q050',
};
const google51 = { ...like1('7a4edef4e7ccee5fa4506c19124fc8ccda6e033d'), cryptoFrame: 0x08 };

const versions: ReadonlyMap<number, QuicVersion> = new Map([
  [0x00000001, version1],
  [0x6b3343cf, version2],
  // as its drafts had it
  [0x709a50c4, version2],
  [0x51303530, googleQ50],
  [0x54303530, google50],
  [0x54303531, google51],
  // Facebook's, of the times of drafts 22 and 27
  [0xfaceb001, draft22],
  [0xfaceb002, draft23],
  [0xfaceb00e, draft23],
  [0xff000016, draft22],
]);

/** A version whose Initial packets can be read; null for another. */
export function findVersion(version: number): QuicVersion | null {
  const known = versions.get(version);
  if (known) return known;
  if (version >>> 8 !== 0xff0000) return null;
  const draft = version & 0xff;
  if (draft >= 23 && draft <= 28) return draft23;
  if (draft >= 29 && draft <= 32) return draft29;
  return draft === 33 || draft === 34 ? version1 : null;
}

/** Google's own versions, in ASCII: Q and three digits. Their handshake is not TLS. */
export function isGoogleVersion(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x51 || bytes[at + 1] !== 0x30) return false;
  return isDigit(bytes[at + 2]) && isDigit(bytes[at + 3]);
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
