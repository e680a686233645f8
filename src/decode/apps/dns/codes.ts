/** Names of numbers in DNS messages, from IANA's registry "Domain Name System (DNS) Parameters". */

/** Types that are asked for. */
const askedTypes: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  10: 'NULL',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  17: 'RP',
  18: 'AFSDB',
  24: 'SIG',
  25: 'KEY',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  36: 'KX',
  37: 'CERT',
  39: 'DNAME',
  43: 'DS',
  44: 'SSHFP',
  45: 'IPSECKEY',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  49: 'DHCID',
  50: 'NSEC3',
  52: 'TLSA',
  53: 'SMIMEA',
  55: 'HIP',
  59: 'CDS',
  60: 'CDNSKEY',
  61: 'OPENPGPKEY',
  62: 'CSYNC',
  63: 'ZONEMD',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  108: 'EUI48',
  109: 'EUI64',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  257: 'CAA',
};

/** The others, which hardly any zone has; the last two are Microsoft's, of those for private use. */
const rareTypes: Readonly<Record<number, string>> = {
  3: 'MD',
  4: 'MF',
  7: 'MB',
  8: 'MG',
  9: 'MR',
  11: 'WKS',
  14: 'MINFO',
  19: 'X25',
  20: 'ISDN',
  21: 'RT',
  22: 'NSAP',
  23: 'NSAP-PTR',
  26: 'PX',
  27: 'GPOS',
  29: 'LOC',
  30: 'NXT',
  31: 'EID',
  32: 'NIMLOC',
  34: 'ATMA',
  38: 'A6',
  40: 'SINK',
  41: 'OPT',
  42: 'APL',
  51: 'NSEC3PARAM',
  56: 'NINFO',
  57: 'RKEY',
  58: 'TALINK',
  66: 'DSYNC',
  67: 'HHIT',
  68: 'BRID',
  100: 'UINFO',
  101: 'UID',
  102: 'GID',
  103: 'UNSPEC',
  104: 'NID',
  105: 'L32',
  106: 'L64',
  107: 'LP',
  128: 'NXNAME',
  253: 'MAILB',
  254: 'MAILA',
  256: 'URI',
  258: 'AVC',
  259: 'DOA',
  260: 'AMTRELAY',
  261: 'RESINFO',
  262: 'WALLET',
  263: 'CLA',
  264: 'IPN',
  32768: 'TA',
  32769: 'DLV',
  65281: 'WINS',
  65282: 'WINS-R',
};

const rcodeNames = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
  'DSOTYPENI',
];
/** From 16 on; only with EDNS (RFC 6891). */
const extendedRcodeNames = [
  'BADVERS',
  'BADKEY',
  'BADTIME',
  'BADMODE',
  'BADNAME',
  'BADALG',
  'BADTRUNC',
  'BADCOOKIE',
];

export const dnsType = {
  a: 1,
  ns: 2,
  md: 3,
  mf: 4,
  cname: 5,
  soa: 6,
  mb: 7,
  mg: 8,
  mr: 9,
  wks: 11,
  ptr: 12,
  hinfo: 13,
  minfo: 14,
  mx: 15,
  txt: 16,
  rp: 17,
  afsdb: 18,
  x25: 19,
  isdn: 20,
  rt: 21,
  sig: 24,
  key: 25,
  aaaa: 28,
  loc: 29,
  srv: 33,
  naptr: 35,
  kx: 36,
  cert: 37,
  dname: 39,
  opt: 41,
  ds: 43,
  sshfp: 44,
  rrsig: 46,
  nsec: 47,
  dnskey: 48,
  nsec3: 50,
  nsec3param: 51,
  tlsa: 52,
  smimea: 53,
  cds: 59,
  cdnskey: 60,
  zonemd: 63,
  svcb: 64,
  https: 65,
  spf: 99,
  eui48: 108,
  eui64: 109,
  uri: 256,
  caa: 257,
  ta: 32768,
  dlv: 32769,
} as const;

/** The type of a record: `A`, `LOC`; `TYPE1234` (RFC 3597) for one that is not assigned. */
export function nameOfType(type: number): string {
  return askedTypes[type] ?? rareTypes[type] ?? `TYPE${type}`;
}

/** The number of a type by its name in capitals; null for one that is not assigned. */
export function numberOfType(name: string): number | null {
  const found = [askedTypes, rareTypes]
    .flatMap((types) => Object.entries(types))
    .find(([, one]) => one === name);
  return found ? Number(found[0]) : null;
}

/**
 * The type of a question: `A`, `HTTPS`. One that hardly anybody asks for has the generic form of RFC 3597, as in the lists
 * of questions that a replay is compared with.
 */
export function nameOfAskedType(type: number): string {
  return askedTypes[type] ?? `TYPE${type}`;
}

/** Whether the type is one that is asked for. Others are not, and prove nothing: 32 is that of NetBIOS names, too. */
export function isAskedType(type: number): boolean {
  return type in askedTypes;
}

/** `NOERROR`, `NXDOMAIN`; `RCODE12` for one without a name. `rcode` may have the upper bits from EDNS. */
export function nameOfRcode(rcode: number): string {
  return rcodeNames[rcode] ?? extendedRcodeNames[rcode - 16] ?? `RCODE${rcode}`;
}
