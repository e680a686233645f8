import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** Version 5: a head, then records of one length. */
const version5 = { headerBytes: 24, recordBytes: 48, maxRecords: 30 };
/** RFC 3954 section 5.1 and RFC 7011 section 3.1: sets follow, each with its length. */
const version9HeaderBytes = 20;
const ipfixHeaderBytes = 16;
const leastSetBytes = 4;
const maxSets = 256;

/** Reports on flows: NetFlow 5 and 9, IPFIX. */
export const netflow: AppProtocol = {
  name: 'netflow',
  transports: ['udp'],
  ports: [2055, 9995, 4739],
  recognise({ bytes, start, end }) {
    const length = end - start;
    if (length < ipfixHeaderBytes) return 'no';
    const version = u16(bytes, start);
    const count = u16(bytes, start + 2);
    if (version === 5) {
      const { headerBytes, recordBytes, maxRecords } = version5;
      const isCount = count > 0 && count <= maxRecords;
      return isCount && length === headerBytes + count * recordBytes ? 'yes' : 'no';
    }
    if (version === 9) return count > 0 && areSets(bytes, start + version9HeaderBytes, end) ? 'yes' : 'no';
    return version === 10 && count === length && areSets(bytes, start + ipfixHeaderBytes, end) ? 'yes' : 'no';
  },
};

function areSets(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end) return false;
  for (let i = 0; i < maxSets && at + leastSetBytes <= end; i++) {
    const length = u16(bytes, at + 2);
    if (length < leastSetBytes) return false;
    at += length;
  }
  return at === end;
}
