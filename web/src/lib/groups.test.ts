import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '../../../src/wire/connection.ts';
import { groupConnections, makeLines } from './groups.ts';

const make = (id: number, fields: Partial<Connection>): Connection =>
  ({
    id,
    remote_addr: '10.0.0.1:443',
    remote_name: null,
    process_name: null,
    container: null,
    user: null,
    upload_speed: null,
    download_speed: null,
    ...fields,
  }) as Connection;

describe('groups', () => {
  it('sum their rates, busiest first, keeping the order of rows', () => {
    const groups = groupConnections(
      [
        make(1, { process_name: 'idle' }),
        make(2, { process_name: 'curl', upload_speed: 5, download_speed: 10 }),
        make(3, { process_name: 'curl', upload_speed: 1 }),
      ],
      'process',
    );
    assert.deepEqual(
      groups.map(({ label, upload, download, rows }) => [label, upload, download, rows.map((row) => row.id)]),
      [
        ['curl', 6, 10, [2, 3]],
        ['idle', 0, 0, [1]],
      ],
    );
  });

  it('by remote host leave the port out and take the name where there is one', () => {
    const groups = groupConnections(
      [
        make(1, { remote_addr: '[2001:db8::1]:1' }),
        make(2, { remote_addr: '[2001:db8::1]:2' }),
        make(3, { remote_addr: '10.0.0.9:2', remote_name: 'db.example' }),
      ],
      'remote',
    );
    assert.deepEqual(new Set(groups.map((group) => group.label)), new Set(['2001:db8::1', 'db.example']));
  });

  it('keep the unknown apart from a process of that name', () => {
    const groups = groupConnections([make(1, {}), make(2, { process_name: 'unknown' })], 'process');
    assert.equal(new Set(groups.map((group) => group.key)).size, 2);
  });

  it('make lines of as many rows as fit side by side, and none for a closed group', () => {
    const rows = [1, 2, 3, 4, 5].map((id) => make(id, { user: 'root' }));
    const groups = groupConnections([...rows, make(6, { user: 'www', upload_speed: 1 })], 'user');
    const shape = makeLines(groups, new Set(['=www']), 2).map((line) =>
      line.kind === 'group' ? line.group.label : line.rows.map((row) => row.id),
    );
    assert.deepEqual(shape, ['www', 'root', [1, 2], [3, 4], [5]]);
  });
});
