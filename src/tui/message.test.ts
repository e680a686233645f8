import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime } from '../cli/format.ts';
import { showMessage } from './message.ts';

test('times in an alert are those of the clock here, and nothing in it drives the terminal', () => {
  const time = '2026-01-01T11:59:00.522Z';
  const shown = showMessage(`High traffic: hits = 500, at ${time}\x1b[2J`);
  assert.equal(shown, `High traffic: hits = 500, at ${formatTime(time).slice(11)}\\x1b[2J`);
});
