import { ended, reported } from '../../src/wire/reported.fixture.ts';

/** What a hostile agent says of itself, and messages that are as they should be. */
export const hello = {
  kind: 'hello',
  agent: 'evil',
  version: '0.1.0',
  kernel: '',
  os: '',
  epoch: 'e1',
  sensors: [],
};
export const live = {
  kind: 'live',
  at: 1,
  full: true,
  opened: [],
  revised: [],
  changed: [],
  closed: [],
  samples: [],
  interface_samples: {},
  process_samples: {},
  processes: [],
  processes_gone: [],
};
export const records = { kind: 'records', epoch: 'e1', first: 0, records: [ended(1)] };
const change = [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1];
const opened = [{ key: 1, connection: reported() }];

/** What no agent sends after the welcome; a server answers each with NM_VALIDATION and ends the link. */
export const attacks: Readonly<Record<string, readonly (string | object)[]>> = {
  'no JSON': ['{'],
  'a number': ['1'],
  'an unknown kind': [{ kind: 'exec', command: 'id' }],
  'an unknown field': [{ ...live, extra: 1 }],
  'a __proto__': [JSON.stringify(live).replace('{', '{"__proto__":{"isAdmin":true},')],
  'deep nesting': ['['.repeat(100_000) + ']'.repeat(100_000)],
  'a second hello': [hello],
  'a negative count': [{ ...live, opened: [{ key: 1, connection: reported({ bytes_sent: -5 }) }] }],
  'a negative number in a change': [
    { ...live, opened },
    { ...live, full: false, changed: [change.with(2, -7)] },
  ],
  'a state that is none': [
    { ...live, opened },
    { ...live, full: false, changed: [change.with(1, 99)] },
  ],
  'a change too short': [{ ...live, opened, changed: [[1, 2]] }],
  'an address that is none': [{ ...live, opened: [{ key: 1, connection: reported({ remote_addr: 'x' }) }] }],
  'another epoch': [{ ...records, epoch: 'e2' }],
  'a sequence number out of range': [{ ...records, first: Number.MAX_SAFE_INTEGER }],
  'a sequence number of 2^63': ['{"kind":"records","epoch":"e1","first":9223372036854775807,"records":[]}'],
  'a negative sequence number': [{ ...records, first: -1 }],
  'a negative count in its spool': [{ ...live, spool: { records: -1, bytes: 0, lost: 0 } }],
  'an answer that is none': [{ kind: 'answer', id: '../../etc', answer: { type: 'done' } }],
  'a request for a certificate that nobody issues here': [{ kind: 'renew', csr: '' }],
  'a time that is none': [JSON.stringify(live).replace('"at":1', '"at":"now"')],
  'a jump in the sequence': [records, { ...records, first: 2 ** 40 }],
  'a gap that does not explain the jump': [
    records,
    {
      ...records,
      first: 50,
      records: [{ kind: 'gap', at: '2026-01-01T00:00:00.000Z', reason: '', lost: 3 }],
    },
  ],
  'too many records': [{ ...records, records: new Array(1001).fill(ended(1)) }],
};
