import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawScreen } from './draw.ts';
import { type Pressed, press } from './keys.ts';
import { makeConnections, makePicture, makeProcess, traffic } from './picture.fixture.ts';
import type { Picture } from './picture.ts';
import { currentPage, makeState, type State } from './state.ts';

const looks = { columns: 80, rows: 24, ascii: false };
const processes = Array.from({ length: 40 }, (_, i) =>
  makeProcess({
    key: `${100 + i}-7`,
    process_id: 100 + i,
    process_name: `worker-${i}`,
    upload_speed: 1000 - i,
    download_speed: 0,
  }),
);
const crowded = makePicture({ processes });

/** Presses keys one after the other on what is then on show; the last one's answer. */
function pressAll(keys: readonly string[], picture: Picture = crowded, from: State = makeState('')): Pressed {
  let pressed: Pressed = { state: from };
  for (const key of keys) {
    const { view, height } = drawScreen(picture, pressed.state, looks);
    const owner = view.chosen === undefined ? null : (view.page.owner?.(view.chosen, picture) ?? null);
    pressed = press(view.state, key, { view, height, owner, noSignals: null });
  }
  return pressed;
}
const chosenAfter = (keys: readonly string[], picture = crowded): unknown => {
  const { state } = pressAll(keys, picture);
  return (drawScreen(picture, state, looks).view.chosen as { process_name?: string }).process_name;
};

test('the cursor goes by rows, by screens, to the ends and not beyond', () => {
  assert.equal(chosenAfter([]), 'worker-0');
  assert.equal(chosenAfter(['UP']), 'worker-0');
  assert.equal(chosenAfter(['DOWN', 'DOWN']), 'worker-2');
  assert.equal(chosenAfter(['END']), 'worker-39');
  assert.equal(chosenAfter(['END', 'DOWN', 'UP']), 'worker-38');
  assert.equal(chosenAfter(['PAGE_DOWN', 'PAGE_UP', 'HOME']), 'worker-0');
});

test('the chosen row stays chosen when it moves, and the first line stays the first line', () => {
  const { state } = pressAll(['DOWN', 'DOWN', 'DOWN']);
  const shown = drawScreen(crowded, state, looks).view.state;
  const faster = processes.map((row) => (row.process_id === 103 ? { ...row, upload_speed: 9000 } : row));
  const moved = drawScreen(makePicture({ processes: faster }), shown, looks).view;
  assert.equal((moved.chosen as { process_id: number }).process_id, 103);
  assert.equal(currentPage(moved.state).cursor, 0);
  const first = drawScreen(makePicture({ processes: faster }), pressAll([]).state, looks).view;
  assert.equal((first.chosen as { process_id: number }).process_id, 103);
});

test('a row that has gone leaves the cursor where it was', () => {
  const shown = drawScreen(crowded, pressAll(['DOWN', 'DOWN']).state, looks).view.state;
  const rest = makePicture({ processes: processes.filter(({ process_id }) => process_id !== 102) });
  assert.equal((drawScreen(rest, shown, looks).view.chosen as { process_id: number }).process_id, 103);
});

test('a filter narrows as it is typed, Enter keeps it, Escape brings the old one back', () => {
  const typed = pressAll(['/', '-', '3', '9']);
  assert.equal(typed.state.mode, 'filter');
  assert.equal(drawScreen(crowded, typed.state, looks).view.total, 1);
  assert.equal(pressAll(['/', 'x', 'BACKSPACE', '3', 'ENTER']).state.filter, '3');
  const undone = pressAll(['/', 'a', 'ENTER', '/', 'b', 'ESCAPE']).state;
  assert.deepEqual([undone.filter, undone.mode], ['a', 'table']);
  assert.equal(pressAll(['/', 'a', 'ENTER', 'ESCAPE']).state.filter, '');
  assert.equal(pressAll(['/', 'q', 'k', '?']).state.filter, 'qk?', 'no key does anything else meanwhile');
});

test('the order is chosen from a menu and can be turned round', () => {
  const byName = pressAll(['F6', 'UP', 'UP', 'UP', 'UP', 'ENTER']).state;
  assert.equal(currentPage(byName).order, 'PROCESS');
  assert.equal(drawScreen(crowded, byName, looks).view.rows.length, 40);
  assert.equal(chosenAfter(['i']), 'worker-39');
  assert.equal(currentPage(pressAll(['>', 'DOWN', 'ESCAPE']).state).order, 'RATE');
});

test('pages are chosen by number, Tab and arrows; what is no page changes nothing', () => {
  assert.equal(pressAll(['3']).state.page, 2);
  assert.equal(pressAll(['9']).state.page, 0);
  assert.equal(pressAll(['TAB', 'RIGHT', 'LEFT']).state.page, 1);
  assert.equal(pressAll(['SHIFT_TAB']).state.page, 6);
});

test('groups and windows go round on the pages that have them', () => {
  const picture = makePicture({ traffic });
  assert.equal(currentPage(pressAll(['3', 'g'], picture).state).group, 'section');
  assert.equal(currentPage(pressAll(['4', 'g', 'g', 'g', 'g'], picture).state).group, 'name');
  assert.equal(pressAll(['3', 'w'], picture).state.window, '10m');
  assert.equal(pressAll(['w'], picture).state.window, '1m', 'processes have none');
});

test('a signal is sent only after the question, to the process that was chosen then', () => {
  const asked = pressAll(['DOWN', 'k']);
  assert.equal(asked.effect, undefined);
  assert.deepEqual(asked.state.target, { pid: 101, key: '101-7', name: 'worker-1' });
  assert.deepEqual(pressAll(['DOWN', 'k', 'ENTER']).effect, {
    kind: 'signal',
    owner: { pid: 101, key: '101-7', name: 'worker-1' },
    signal: 'SIGTERM',
  });
  assert.equal(pressAll(['F9', 'UP', 'ENTER']).effect?.kind, 'signal');
  for (const key of ['ESCAPE', 'n', 'k', ' ']) assert.equal(pressAll(['k', key]).effect, undefined, key);
});

test('where no signal can be sent, the reason is said', () => {
  const { view, height } = drawScreen(crowded, makeState(''), looks);
  const sight = {
    view,
    height,
    owner: { pid: 100, key: '100-7', name: 'worker-0' },
    noSignals: 'not from here',
  };
  const { state } = press(makeState(''), 'k', sight);
  assert.deepEqual([state.mode, state.message], ['table', 'not from here']);
  assert.match(pressAll(['7', 'k']).state.message, /no running process/);
});

test('a connection of which the process is not known any more gets no signal', () => {
  const rows = makeConnections(2, { process_id: 4242, process_name: 'gone' });
  const picture = makePicture({ connections: { rows, offset: 0, total: 2 } });
  assert.match(pressAll(['2', 'k'], picture).state.message, /not known which process/);
});

test('Ctrl-C ends it in every mode, q from the table only', () => {
  for (const open of [[], ['/'], ['?'], ['ENTER'], ['F6'], ['k']])
    assert.equal(pressAll([...open, 'CTRL_C']).effect?.kind, 'quit', open.join(' '));
  assert.equal(pressAll(['q']).effect?.kind, 'quit');
  assert.equal(pressAll(['/', 'q']).effect, undefined);
});

test('any keys in any order leave something that can be drawn', () => {
  const keys = [
    'UP',
    'DOWN',
    'END',
    'HOME',
    'PAGE_DOWN',
    'ENTER',
    'ESCAPE',
    '/',
    'x',
    'g',
    'w',
    'i',
    'F6',
    'k',
    '?',
    '2',
    '3',
    '5',
    'TAB',
    'z',
    'BACKSPACE',
    'MOUSE_X',
    'CTRL_A',
    '',
  ];
  let seed = 7;
  let state = makeState('');
  for (let i = 0; i < 3000; i++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const picture = [crowded, makePicture({ traffic }), makePicture({ processes: [] })][seed % 3];
    state = pressAll([keys[seed % keys.length]], picture, state).state;
    assert.equal(drawScreen(picture, state, looks).lines.length, 24);
  }
});
