import { hex, join, toBytes } from '../../packet/build.fixture.ts';

const be16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);
const be24 = (value: number): Uint8Array => Uint8Array.of(value >> 16, value >> 8, value);
const vector8 = (content: Uint8Array): Uint8Array => join(Uint8Array.of(content.length), content);
const vector16 = (content: Uint8Array): Uint8Array => join(be16(content.length), content);
export const numbers = (list: readonly number[]): Uint8Array => join(...list.map(be16));

/** An extension of that type, as in a hello. */
export const extension = (type: number, content: Uint8Array): Uint8Array =>
  join(be16(type), vector16(content));
export const serverName = (name: string | Uint8Array): Uint8Array =>
  extension(0, vector16(join(Uint8Array.of(0), vector16(toBytes(name)))));
export const alpn = (...names: readonly (string | Uint8Array)[]): Uint8Array =>
  extension(16, vector16(join(...names.map((name) => vector8(toBytes(name))))));
export const supportedVersions = (...versions: readonly number[]): Uint8Array =>
  extension(43, vector8(numbers(versions)));
export const signatureAlgorithms = (...list: readonly number[]): Uint8Array =>
  extension(13, vector16(numbers(list)));

export interface HelloParts {
  readonly version?: number;
  readonly random?: number;
  readonly ciphers?: readonly number[];
  readonly extensions?: readonly Uint8Array[];
  /** DTLS has one. */
  readonly cookie?: Uint8Array;
}

/** The body of a client hello. */
export function buildHelloBody({
  version = 0x0303,
  random = 7,
  ciphers = [0x1301, 0xc02f],
  extensions = [],
  cookie,
}: HelloParts = {}): Uint8Array {
  return join(
    be16(version),
    new Uint8Array(32).fill(random),
    vector8(new Uint8Array(32).fill(9)),
    ...(cookie ? [vector8(cookie)] : []),
    vector16(numbers(ciphers)),
    Uint8Array.of(1, 0),
    ...(extensions.length > 0 ? [vector16(join(...extensions))] : []),
  );
}

export interface ServerParts {
  readonly version?: number;
  readonly random?: Uint8Array;
  readonly cipher?: number;
  readonly extensions?: readonly Uint8Array[];
}

/** The random bytes of a HelloRetryRequest, RFC 8446 section 4.1.3. */
export const retryRandom = hex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c');

/** The body of a server hello. */
export function buildServerBody({
  version = 0x0303,
  random = new Uint8Array(32).fill(8),
  cipher = 0xc02f,
  extensions = [],
}: ServerParts = {}): Uint8Array {
  return join(
    be16(version),
    random,
    vector8(new Uint8Array(0)),
    be16(cipher),
    Uint8Array.of(0),
    ...(extensions.length > 0 ? [vector16(join(...extensions))] : []),
  );
}

export const handshake = (type: number, body: Uint8Array): Uint8Array =>
  join(Uint8Array.of(type), be24(body.length), body);
export const record = (type: number, content: Uint8Array, version = 0x0303): Uint8Array =>
  join(Uint8Array.of(type), be16(version), be16(content.length), content);
export const clientHello = (parts: HelloParts = {}): Uint8Array =>
  record(22, handshake(1, buildHelloBody(parts)), 0x0301);
export const serverHello = (parts: ServerParts = {}): Uint8Array =>
  record(22, handshake(2, buildServerBody(parts)));
export const certificateMessage = (...certificates: readonly Uint8Array[]): Uint8Array =>
  handshake(11, withLength24(join(...certificates.map(withLength24))));
const withLength24 = (content: Uint8Array): Uint8Array => join(be24(content.length), content);

/** What ends the clear part of a handshake of TLS 1.2: ServerHelloDone, and ChangeCipherSpec with what is encrypted. */
export const serverHelloDone = handshake(14, new Uint8Array(0));
export const changeCipherSpec = record(20, Uint8Array.of(1));

/**
 * A certificate with itself as issuer, made with `openssl req -x509 -newkey ec` for this test: names in all forms, and
 * a comma and a number sign in its subject.
 */
export const certificate = hex(`
308202683082020ea003020102020105300a06082a8648ce3d0403023069310b300906035504061302444531153013060355
040a0c0c4578616d706c652c204c7464310b3009060355040b0c0223313118301606035504030c0f7777772e6578616d706c
652e636f6d311c301a06092a864886f70d010901160d61406578616d706c652e636f6d301e170d3236313132313038323932
385a170d3237313132313038323932385a3069310b300906035504061302444531153013060355040a0c0c4578616d706c65
2c204c7464310b3009060355040b0c0223313118301606035504030c0f7777772e6578616d706c652e636f6d311c301a0609
2a864886f70d010901160d61406578616d706c652e636f6d3059301306072a8648ce3d020106082a8648ce3d030107034200
041697ddc1b1d19bfae6e2e83170019985fc5fabf568749fc112198649397ebef8931142b0e81b4c2e161498286880a3e796
31479699a499ecd8308fad5fff5ad3a381a63081a3301d0603551d0e0416041427483e0b575676c15f13787ee4935ac11d5d
849e301f0603551d2304183016801427483e0b575676c15f13787ee4935ac11d5d849e300f0603551d130101ff0405300301
01ff30500603551d1104493047820f7777772e6578616d706c652e636f6d820d2a2e6578616d706c652e6e65748704c00002
07871020010db8000000000000000000000001810d78406578616d706c652e636f6d300a06082a8648ce3d04030203480030
45022100b7b864071ea005be2e93a791869680b0b706785a6cfc2cdd41eff8e3ce31fffe02205042e885fed5995c08ff7294
cca34049a540b2067b2bfe7800d69069917139e3
`);
