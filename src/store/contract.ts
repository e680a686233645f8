import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection, ReportedConnection } from '../wire/connection.ts';
import { resolveConnectionFilter } from '../wire/filter.ts';
import type { ConnectionFilter } from '../wire/query.ts';
import type { Store, StoreQuery, StoreRecord } from './store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens what it left again. */
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

const start = Date.parse('2026-01-01T00:00:00.000Z');

/** A reported connection of the given minute. */
export function makeReported(minute: number, fields: Partial<ReportedConnection> = {}): ReportedConnection {
  return {
    timestamp: new Date(start + minute * 60_000).toISOString(),
    process_id: 100,
    process_name: 'curl',
    process_path: '/usr/bin/curl',
    local_addr: '10.0.0.1:40000',
    remote_addr: '192.0.2.1:443',
    error: null,
    protocol: 'tcp',
    state: 'CLOSED',
    direction: 'outbound',
    opened_at: null,
    closed_at: null,
    duration_ms: 12.5,
    bytes_sent: 10,
    bytes_received: 20,
    packets_sent: 1,
    packets_received: 2,
    upload_speed: null,
    download_speed: null,
    rtt_ms: null,
    min_rtt_ms: null,
    jitter_ms: null,
    retransmits: 0,
    loss_ratio: null,
    send_queue: null,
    receive_queue: null,
    limited_by: 'application',
    phase: null,
    reset_by: null,
    syn_retries: null,
    remote_name: null,
    remote_name_source: null,
    user: 'root',
    user_id: 0,
    command_line: 'curl https://example.org',
    parents: ['bash (99)', 'sshd (1)'],
    container: null,
    unit: null,
    process_started_at: null,
    network_namespace: 4026531840,
    owner_unknown_reason: null,
    application: null,
    count: 1,
    application_by: null,
    site: null,
    sni: null,
    alpn: null,
    ja4: null,
    tls_version: null,
    remote_name_at: null,
    ...fields,
  };
}

/** A query as the server asks it, newest first unless told otherwise. */
export function makeQuery(filter: ConnectionFilter = {}, fields: Partial<StoreQuery> = {}): StoreQuery {
  return {
    filter: resolveConnectionFilter(filter, start),
    sort: 'timestamp',
    descending: true,
    limit: 100,
    ...fields,
  };
}

/** All pages of a query. */
export async function readAll(store: Store, query: StoreQuery): Promise<Connection[]> {
  const all: Connection[] = [];
  let after = query.after;
  do {
    const page = await store.queryConnections({ ...query, after });
    all.push(...page.connections);
    after = page.next ?? undefined;
  } while (after);
  return all;
}

const record = (connection: ReportedConnection, id?: number): StoreRecord => ({
  kind: 'connection',
  id,
  connection,
});

/** What every back end must do. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  const withStore = (work: (store: Store, tested: StoreUnderTest) => Promise<void>) => async () => {
    const tested = await open();
    try {
      await work(tested.store, tested);
    } finally {
      await tested.dispose();
    }
  };
  const batch = (first: number, ...records: StoreRecord[]) => ({ agent: 'a', epoch: 'e', first, records });

  describe(`store: ${name}`, () => {
    it(
      'gives a reported connection back with every field',
      withStore(async (store) => {
        const connection = makeReported(1, {
          error: 'ECONNRESET',
          reset_by: 'remote',
          phase: 'established',
          count: 3,
        });
        const { ids, seq } = await store.insertReported(
          batch(0, {
            kind: 'connection',
            connection: { ...connection, remote_name: 'example.org', asn: 64500 },
          }),
        );
        assert.equal(seq, 0);
        const stored = await store.connectionById(ids[0] ?? -1);
        assert.deepEqual(stored, {
          ...connection,
          id: ids[0],
          agent: 'a',
          active: false,
          remote_name: 'example.org',
          country: null,
          asn: 64500,
          organization: null,
          risk_score: null,
          risk_level: null,
          risk_reasons: null,
        });
      }),
    );

    it(
      'stores a resend once, also when it overlaps, and after a restart',
      withStore(async (store, tested) => {
        const records = [0, 1, 2, 3].map((minute) => record(makeReported(minute)));
        await store.insertReported(batch(0, ...records.slice(0, 3)));
        assert.equal((await store.insertReported(batch(0, ...records.slice(0, 3)))).seq, 2);
        const { seq, ids } = await store.insertReported(batch(1, ...records.slice(1)));
        assert.equal(seq, 3);
        assert.deepEqual(
          ids.map((id) => id !== null),
          [false, false, true],
        );
        const again = await tested.reopen();
        assert.equal(await again.committedSeq('a', 'e'), 3);
        await again.insertReported(batch(0, ...records));
        assert.equal((await readAll(again, makeQuery())).length, 4);
        assert.equal(again.stats().rows, 4);
      }),
    );

    it(
      'keeps the sequences of agents and epochs apart',
      withStore(async (store) => {
        await store.insertReported({ agent: 'a', epoch: 'e', first: 0, records: [record(makeReported(0))] });
        await store.insertReported({ agent: 'a', epoch: 'f', first: 0, records: [record(makeReported(0))] });
        await store.insertReported({ agent: 'b', epoch: 'e', first: 0, records: [record(makeReported(0))] });
        assert.equal(await store.committedSeq('a', 'g'), -1);
        assert.equal((await readAll(store, makeQuery({ agent: 'a' }))).length, 2);
      }),
    );

    it(
      'goes on after a hole in the sequence',
      withStore(async (store) => {
        await store.insertReported(batch(0, record(makeReported(0))));
        assert.equal((await store.insertReported(batch(10, record(makeReported(1))))).seq, 10);
        await store.insertReported(
          batch(11, { kind: 'gap', at: '2026-01-01T00:00:00.000Z', reason: 'full', lost: 4 }),
        );
        assert.equal(await store.committedSeq('a', 'e'), 11);
        assert.equal(store.stats().rows, 2);
      }),
    );

    it(
      'stores a connection under its reserved id and gives no id twice',
      withStore(async (store, tested) => {
        const first = await store.reserveIds(100);
        const posted = await store.insertPosted(makePosted());
        assert.ok(posted.id >= first + 100);
        const { ids } = await store.insertReported(
          batch(
            0,
            record(makeReported(0), first + 7),
            record(makeReported(1)),
            record(makeReported(2), first + 7),
          ),
        );
        assert.equal(ids[0], first + 7);
        assert.equal(new Set([...ids, posted.id]).size, 4);
        const again = await tested.reopen();
        assert.ok((await again.reserveIds(1)) > Math.max(...ids.map(Number), posted.id));
      }),
    );

    it(
      'stores a posted connection with canonical time and addresses',
      withStore(async (store) => {
        const posted = await store.insertPosted(
          makePosted({ timestamp: '2024-03-16T13:00:00+01:00', remote_addr: '[::ffff:192.168.1.1]:12345' }),
        );
        assert.equal(posted.timestamp, '2024-03-16T12:00:00.000Z');
        assert.equal(posted.remote_addr, '192.168.1.1:12345');
        assert.equal(posted.active, false);
        assert.equal(posted.count, 1);
        assert.deepEqual(await store.connectionById(posted.id), posted);
        assert.equal(await store.connectionById(posted.id + 1), null);
        assert.deepEqual([...(await store.storedIds([posted.id, posted.id + 1]))], [posted.id]);
        assert.equal((await store.storedIds([])).size, 0);
      }),
    );

    for (const descending of [true, false]) {
      it(
        `pages through equal times ${descending ? 'down' : 'up'} without loss or repeat`,
        withStore(async (store) => {
          const records = Array.from({ length: 95 }, (_, i) => record(makeReported(Math.floor(i / 10))));
          await store.insertReported(batch(0, ...records));
          const all = await readAll(store, makeQuery({}, { limit: 7, descending }));
          assert.equal(new Set(all.map(({ id }) => id)).size, 95);
          const times = all.map(({ timestamp }) => timestamp);
          assert.deepEqual(times, descending ? times.toSorted().reverse() : times.toSorted());
        }),
      );
    }

    it(
      'pages in any other order as well',
      withStore(async (store) => {
        const sizes = [5, 3, 9, null, 3, 0, 12, 3];
        const records = sizes.map((bytes_sent, i) =>
          record(makeReported(i, { bytes_sent, bytes_received: null, process_name: `P${i % 3}` })),
        );
        await store.insertReported(batch(0, ...records));
        const sent = await readAll(store, makeQuery({}, { sort: 'bytes', limit: 3 }));
        assert.deepEqual(
          sent.map(({ bytes_sent }) => bytes_sent),
          [12, 9, 5, 3, 3, 3, 0, null],
        );
        const named = await readAll(store, makeQuery({}, { sort: 'process', descending: false, limit: 2 }));
        assert.equal(named.map(({ process_name }) => process_name).join(''), 'P0P0P0P1P1P1P2P2');
      }),
    );

    it(
      'takes hostile text in a filter as text',
      withStore(async (store) => {
        await store.insertReported(batch(0, record(makeReported(0, { process_name: "50%_o'f\\" }))));
        for (const text of ["' OR 1=1--", '%', '_', '\\', "o'f", '%_']) {
          const found = await readAll(store, makeQuery({ process: text }));
          assert.equal(found.length, "50%_o'f\\".includes(text) ? 1 : 0, text);
        }
        assert.equal((await readAll(store, makeQuery({ text: "'; DROP TABLE connections; --" }))).length, 0);
        assert.equal(store.stats().rows, 1);
      }),
    );

    it(
      'summarises failures by destination, process and errno, in steps',
      withStore(async (store) => {
        const failing = { error: 'ECONNREFUSED', remote_addr: '192.0.2.9:81' };
        await store.insertReported(
          batch(
            0,
            record(makeReported(0, { ...failing, count: 5 })),
            record(makeReported(90, failing)),
            record(makeReported(90, { ...failing, process_name: 'wget' })),
            record(makeReported(91, { error: 'ETIMEDOUT' })),
            record(makeReported(92)),
            record(
              makeReported(30, {
                error: 'ECONNRESET',
                direction: 'inbound',
                remote_addr: '[2001:db8::1]:5001',
              }),
            ),
            record(
              makeReported(31, {
                error: 'ECONNRESET',
                direction: 'inbound',
                remote_addr: '[2001:db8::1]:5002',
              }),
            ),
            record(makeReported(24 * 60, failing)),
          ),
        );
        const { groups, timeline } = await store.summarizeFailures({
          filter: {},
          since: start,
          until: start + 24 * 3_600_000,
          steps: 24,
          limit: 3,
        });
        const filtered = {
          filter: makeQuery({ process: 'wget' }).filter,
          since: start,
          until: start + 9e7,
          steps: 1,
          limit: 9,
        };
        assert.deepEqual({ ...(await store.summarizeFailures(filtered)).timeline }, { ECONNREFUSED: [1] });
        assert.equal(groups.length, 3);
        assert.deepEqual(
          groups.map(({ remote_addr, process_name, error, count }) => [
            remote_addr,
            process_name,
            error,
            count,
          ]),
          [
            ['192.0.2.9:81', 'curl', 'ECONNREFUSED', 6],
            ['[2001:db8::1]', 'curl', 'ECONNRESET', 2],
            ['192.0.2.1:443', 'curl', 'ETIMEDOUT', 1],
          ],
        );
        assert.deepEqual(groups[0].trend.slice(0, 3), [5, 1, 0]);
        assert.equal(groups[0].first_at, '2026-01-01T00:00:00.000Z');
        assert.equal(groups[0].last_at, '2026-01-01T01:30:00.000Z');
        assert.deepEqual(timeline.ECONNREFUSED.slice(0, 3), [5, 2, 0]);
        assert.deepEqual(Object.keys(timeline).sort(), ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT']);
      }),
    );

    it(
      'forgets what is older than the limit, but not what was recorded lately',
      withStore(async (store) => {
        await store.insertPosted(makePosted());
        await store.insertReported(batch(0, record(makeReported(0))));
        await store.retain(Date.now());
        assert.equal(store.stats().rows, 2);
        await store.retain(Date.now() + 8 * 86_400_000);
        assert.equal(store.stats().rows, 0);
        assert.equal(store.stats().expired, 2);
      }),
    );
  });
}

function makePosted(fields: { timestamp?: string; remote_addr?: string } = {}) {
  return {
    timestamp: '2024-03-16T12:00:00Z',
    process_id: 1234,
    process_name: 'example',
    process_path: '/usr/bin/example',
    local_addr: '127.0.0.1:8080',
    remote_addr: '192.168.1.1:12345',
    error: 'ECONNREFUSED',
    protocol: 'tcp' as const,
    state: 'LISTEN' as const,
    ...fields,
  };
}
