import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AlertRow } from '../wire/traffic-api.ts';
import { drawPlain, drawScreen } from './draw.ts';
import { lineWidth, plainText } from './line.ts';
import { pages } from './pages/registry.ts';
import { makeConnections, makeInterface, makePicture, makeProcess, traffic } from './picture.fixture.ts';
import type { Picture } from './picture.ts';
import { type Mode, makeState, type State } from './state.ts';

const sizes = [
  [80, 24],
  [200, 60],
  [61, 17],
  [40, 10],
  [132, 43],
  [20, 5],
] as const;
const modes: readonly Mode[] = ['table', 'filter', 'help', 'details', 'order', 'signal'];
const alert: AlertRow = {
  id: 1,
  scope: 'all',
  raised_at: '2026-01-01T11:59:00.000Z',
  recovered_at: null,
  duration_ms: null,
  message: 'High traffic: hits = 623, at 11:59:00',
  agent: 'vm',
  kind: 'hits',
  state: 'raised',
  value: 623,
  recovered_value: null,
  threshold: 500,
  window_ms: 120_000,
  recovered_message: null,
  packets: null,
  packet_bytes: null,
  packets_left_out: null,
  packets_reason: null,
};
const nasty = 'a\x1b[2J\x9b31m\u202e\u200b漢字🙂\r\n\0b'.repeat(3);
const pictures: Readonly<Record<string, Picture>> = {
  'an ordinary one': makePicture({ traffic, alerts: [alert] }),
  'an empty one': makePicture({
    agents: [],
    stats: null,
    processes: [],
    errors: [],
    interfaces: [],
    connections: { rows: [], offset: 0, total: 0 },
  }),
  'one of hostile names': makePicture({
    agents: [nasty],
    notices: [nasty],
    processes: [makeProcess({ process_name: nasty, command_line: nasty, user: nasty, unit: nasty })],
    connections: {
      rows: makeConnections(50, { process_name: nasty, remote_name: nasty, site: nasty, application: nasty }),
      offset: 0,
      total: 50,
    },
    errors: makeConnections(3, { error: nasty, process_name: nasty, remote_name: nasty }),
    interfaces: [makeInterface({ name: nasty, addresses: [nasty], kind: nasty })],
    alerts: [{ ...alert, message: nasty, scope: nasty }],
  }),
};

const text = (picture: Picture, state: State, columns: number, rows: number): string[] =>
  drawScreen(picture, state, { columns, rows, ascii: false }).lines.map(plainText);
const at = (page: string, change: Partial<State> = {}): State => ({
  ...makeState(''),
  page: pages.findIndex(({ name }) => name === page),
  ...change,
});

describe('the screen', () => {
  for (const [name, picture] of Object.entries(pictures))
    test(`fills every size exactly and holds no control character: ${name}`, () => {
      for (const [columns, rows] of sizes)
        for (const page of pages.keys())
          for (const mode of modes) {
            const state = { ...makeState(''), page, mode, filter: mode === 'filter' ? nasty : '' };
            const { lines } = drawScreen(picture, state, { columns, rows, ascii: false });
            assert.equal(lines.length, rows, `${columns}x${rows} ${pages[page].name} ${mode}`);
            for (const line of lines) {
              assert.equal(
                lineWidth(line),
                columns,
                `${columns}x${rows} ${pages[page].name} ${mode}: ${plainText(line)}`,
              );
              assert.doesNotMatch(plainText(line), /[\p{Cc}\p{Cf}]/u);
            }
          }
    });

  test('has on every page of 80x24 what the page is about', () => {
    const expected: Readonly<Record<string, RegExp>> = {
      processes: /100 nginx +www-data +3 +0 +300 B\/s +100 B\/s +200 B\/s/,
      connections: /127\.0\.0\.1:80 +ESTABLISHED/,
      http: /shop\.example +100 +1\.7 +1\.5 KB\/s +3 +2 +10 ms +50 ms/,
      dns: /shop\.example +20 +0\.3 +2 +1 +10 ms +50 ms/,
      errors: /ECONNREFUSED +curl +200 127\.0\.0\.1:80/,
      interfaces: /eth0 +up +5 B\/s +6 B\/s/,
      alerts: /ACTIVE .*High traffic: hits = 623/,
    };
    const picture = makePicture({ traffic, alerts: [alert] });
    for (const { name } of pages)
      assert.match(text(picture, at(name), 80, 24).join('\n'), expected[name], name);
  });

  test('says of an encrypted site how many connections, and in its details why no requests', () => {
    const state = at('http');
    const shown = text(makePicture({ traffic }), state, 132, 30).join('\n');
    assert.match(shown, /secure\.example +4c +TLS/);
    const { view } = drawScreen(makePicture({ traffic }), state, { columns: 132, rows: 30, ascii: false });
    const encrypted = view.rows.find((row) => (row as { http: unknown }).http === null);
    assert.match(JSON.stringify(view.page.details(encrypted)), /path.*encrypted/);
  });

  test('shows an alert while it goes on, and its recovery for five minutes', () => {
    const active = text(makePicture({ alerts: [alert] }), at('processes'), 80, 24).join('\n');
    assert.match(active, /^ High traffic: hits = 623, at 11:59:00$/m);
    const recovered = { ...alert, recovered_at: '2026-01-01T11:59:40.000Z', duration_ms: 40_000 };
    const calm = text(makePicture({ alerts: [recovered] }), at('processes'), 80, 24).join('\n');
    assert.match(calm, /hits = 623.*recovered at \d\d:59:40 after 40\.0 s/);
    const later = makePicture({ alerts: [recovered], at: new Date('2026-01-01T12:30:00.000Z') });
    assert.doesNotMatch(text(later, at('processes'), 80, 24).join('\n'), /hits/);
  });

  test('of a large terminal has sites and trouble below the table', () => {
    const lines = text(makePicture({ traffic, alerts: [alert] }), at('processes'), 200, 60);
    assert.match(lines.slice(-13).join('\n'), /Sites.*Alerts and failures.*shop\.example\/cart +100/s);
    assert.match(lines.slice(-13).join('\n'), /ECONNREFUSED +curl to 127\.0\.0\.1:80/);
  });

  test('knows terminals of ASCII alone', () => {
    const { lines } = drawScreen(makePicture(), at('processes'), { columns: 80, rows: 24, ascii: true });
    assert.match(lines.map(plainText).join('\n'), /RATEv/);
    for (const line of lines) assert.match(plainText(line), /^[ -~]*$/);
  });

  test('asks before a signal is sent, and names the process', () => {
    const state = at('processes', {
      mode: 'signal',
      menu: 6,
      target: { pid: 100, key: '100-5000', name: 'ng\x1binx' },
    });
    assert.match(text(makePicture(), state, 80, 24).at(-1)!, /Send SIGKILL to ng\\x1binx \(100\)\?/);
  });
});

test('printed as text, a page has all its rows and no looks', () => {
  const processes = Array.from({ length: 120 }, (_, i) =>
    makeProcess({ key: `${i}-1`, process_id: 1000 + i }),
  );
  const printed = drawPlain(makePicture({ processes }), at('processes'), 100, true);
  for (const { process_id } of processes) assert.match(printed, new RegExp(`^ +${process_id} nginx`, 'm'));
  assert.doesNotMatch(printed.replaceAll('\n', ''), /\p{Cc}/u);
});
