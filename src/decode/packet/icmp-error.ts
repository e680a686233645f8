import { ipProtocols, type Packet } from './packet.ts';

/** What Linux tells a program of an ICMP destination unreachable, by its code (net/ipv4/icmp.c, icmp_err_convert). */
const unreachable: readonly string[] = [
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENOPROTOOPT',
  'ECONNREFUSED',
  'EMSGSIZE',
  'EOPNOTSUPP',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENONET',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
];

/** The same for ICMPv6 (net/ipv6/icmp.c, tab_unreach). */
const unreachable6: readonly string[] = [
  'ENETUNREACH',
  'EACCES',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'ECONNREFUSED',
  'EACCES',
  'EACCES',
];

/** Bytes of an ICMP error before the packet that it quotes, without type, code and checksum (RFC 792, RFC 4443). */
export const quoteOffset = 4;

/** The errno that an ICMP error means for who sent the quoted packet; null for a message that is no error. */
export function errnoOfIcmp({ protocol, icmpType, icmpCode }: Packet): string | null {
  return errnoOfIcmpCode(protocol === ipProtocols.icmp ? 4 : 6, icmpType, icmpCode);
}

/** The same by the type and code of ICMP (4) or ICMPv6 (6). */
export function errnoOfIcmpCode(family: 4 | 6, type: number, code: number): string | null {
  if (family === 4)
    switch (type) {
      case 3:
        return unreachable[code] ?? null;
      case 11:
        return 'EHOSTUNREACH';
      case 12:
        return 'EPROTO';
      default:
        return null;
    }
  switch (type) {
    case 1:
      return unreachable6[code] ?? null;
    case 2:
      return 'EMSGSIZE';
    case 3:
      return 'EHOSTUNREACH';
    case 4:
      return 'EPROTO';
    default:
      return null;
  }
}
