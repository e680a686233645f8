import type { Detail } from '../../wire/probe.ts';

/** What a code of OpenSSL (verify(1), TLS alerts), Node or the socket means. */
export function describeTlsError(code: string, certificate?: Detail['certificate']): string {
  const detail = certificate ? describeBy[code]?.(certificate) : undefined;
  const words = described[code] ?? alertWords(code);
  return detail ? `${words}: ${detail}` : words;
}

type Certificate = NonNullable<Detail['certificate']>;

/** What of the certificate shows the problem. */
const describeBy: Readonly<Record<string, (certificate: Certificate) => string>> = {
  CERT_HAS_EXPIRED: ({ not_after }) => `it ended on ${not_after.slice(0, 10)}`,
  CERT_NOT_YET_VALID: ({ not_before }) => `it begins on ${not_before.slice(0, 10)}`,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ names, subject }) =>
    `it is for ${names.length > 0 ? listNames(names) : subject || 'nobody'}`.slice(0, 300),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ({ issuer }) => `it is of ${issuer}`.slice(0, 300),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ({ issuer }) => `it is of ${issuer}`.slice(0, 300),
};

function listNames(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

const described: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate, or one of its chain, has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_REVOKED: 'the certificate was revoked',
  CERT_REJECTED: 'the certificate is marked as rejected',
  CERT_SIGNATURE_FAILURE: 'the signature of the certificate is wrong',
  CERT_CHAIN_TOO_LONG: 'the chain of certificates is too long',
  CERT_UNTRUSTED: 'the certificate is not trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends at a root that is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'the chain of certificates is not whole',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority of the certificate is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the authority of the certificate is not known here, or the server does not send the whole chain',
  INVALID_CA: 'a certificate of the chain may not issue others',
  INVALID_PURPOSE: 'the certificate is not one for a server',
  HOSTNAME_MISMATCH: 'the certificate is for another name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  ECONNRESET: 'the other end closed the connection during the TLS handshake',
  EPIPE: 'the other end closed the connection during the TLS handshake',
  EPROTO: 'the TLS handshake failed',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other end does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the other end does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'no version of TLS is spoken by both ends',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'no version of TLS is spoken by both ends',
  ERR_SSL_NO_CIPHERS_AVAILABLE: 'no cipher is spoken by both ends',
  ERR_SSL_DH_KEY_TOO_SMALL: 'the key exchange of the server is too weak',
  ERR_SSL_EE_KEY_TOO_SMALL: 'the key of the certificate is too weak',
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: 'the other end closed the connection during the TLS handshake',
};

/** `ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION` and the like: the server said why. */
function alertWords(code: string): string {
  const alert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13|SSL\/TLS)_(?:ALERT_)?(\w{1,40})$/.exec(code)?.[1];
  if (alert === undefined) return `the TLS handshake failed (${code})`;
  return `the server refused the TLS handshake: ${alert.toLowerCase().replaceAll('_', ' ')}`;
}
