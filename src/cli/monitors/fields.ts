import type { Assertion, Maintenance } from '../../wire/monitor.ts';
import {
  type Coding,
  durationCoding,
  membersCoding,
  namesCoding,
  namesOrAllCoding,
  numberCoding,
  pairsCoding,
  readDuration,
  switchCoding,
  textCoding,
  writeDuration,
} from './codings.ts';

/** One setting of a monitor that people write: as a flag, or as an answer. */
export interface Field {
  /** Of the flag, without dashes. */
  readonly name: string;
  /** Where the value is in the settings. */
  readonly path: readonly string[];
  readonly coding: Coding;
  readonly help: string;
}

const assertion = {
  read: (text: string): Assertion => {
    const rest = /^degraded:\s*(.*)$/s.exec(text.trim());
    return rest ? { test: rest[1], severity: 'degraded' } : { test: text.trim(), severity: 'down' };
  },
  write: (value: unknown): string => {
    const { test, severity } = value as Assertion;
    return severity === 'degraded' ? `degraded: ${test}` : test;
  },
};

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** `2026-12-24T18:00:00Z/2026-12-24T20:00:00Z note`, or `sat,sun 03:00 2h note` each week in UTC. */
const maintenance = {
  read: (text: string): Maintenance | undefined => {
    const [first, ...rest] = text.trim().split(/\s+/);
    const [from, to] = first.split('/');
    if (to !== undefined) return { from, to, note: rest.join(' ') };
    const days = first
      .toLowerCase()
      .split(',')
      .map((day) => weekdays.indexOf(day as (typeof weekdays)[number]));
    const ms = readDuration(rest[1] ?? '');
    if (days.includes(-1) || ms === undefined) return undefined;
    return { weekdays: days, at: rest[0], minutes: ms / 60_000, note: rest.slice(2).join(' ') };
  },
  write: (value: unknown): string => {
    const window = value as Maintenance;
    const when =
      'from' in window
        ? `${window.from}/${window.to}`
        : `${window.weekdays.map((day) => weekdays[day]).join(',')} ${window.at} ${writeDuration(window.minutes * 60_000)}`;
    return window.note === '' ? when : `${when} ${window.note}`;
  },
};

/** `20:50:20`: of 20 rounds, down from 50 % and up again at 20 %. */
const shareCoding: Coding = {
  placeholder: 'ROUNDS:RAISE:CLEAR',
  expected: 'rounds and two percentages such as 20:50:20, or none',
  read: (texts) => {
    const text = texts.at(-1) ?? '';
    if (text === '' || text === 'none') return null;
    const match = /^(\d{1,4}):(\d{1,3}):(\d{1,3})$/.exec(text);
    return match
      ? { rounds: Number(match[1]), raise_percent: Number(match[2]), clear_percent: Number(match[3]) }
      : undefined;
  },
  write: (value) => {
    if (value === null) return ['none'];
    const { rounds, raise_percent, clear_percent } = value as Record<string, number>;
    return [`${rounds}:${raise_percent}:${clear_percent}`];
  },
};

export const nameField: Field = {
  name: 'name',
  path: ['name'],
  coding: textCoding('TEXT'),
  help: 'what people call it; unless given, its target',
};

const field = (name: string, path: string, coding: Coding, help: string): Field => ({
  name,
  path: path.split('.'),
  coding,
  help,
});

export const assertField: Field = field(
  'assert',
  'assertions',
  membersCoding('TEST', 'a comparison such as [RESPONSE_TIME] < 300', assertion),
  'what must hold, such as "[STATUS] == 200"; may be repeated. After "degraded:" it makes the round degraded, not down',
);

/** What a round is and how it is judged: also of a probe that is tried once. */
export const roundFields: readonly Field[] = [
  field('timeout', 'timeout_ms', durationCoding, 'time for one try (default: 10s)'),
  field('retries', 'retries', numberCoding(), 'further tries of a round that fails (default: 0)'),
  assertField,
];

/** What every kind of monitor has, in the order in which people are asked. */
export const monitorFields: readonly Field[] = [
  nameField,
  field('interval', 'interval_ms', durationCoding, 'from one round to the next (default: 1m)'),
  ...roundFields,
  field('agents', 'agents', namesOrAllCoding, 'agents that carry it out (default: * for all)'),
  field('quorum', 'quorum', numberCoding(), 'agents that must agree before the target is down (default: 1)'),
  field(
    'failures',
    'thresholds.failures',
    numberCoding(),
    'failed rounds in a row until it is down (default: 2)',
  ),
  field(
    'successes',
    'thresholds.successes',
    numberCoding(),
    'good rounds in a row until it is up (default: 1)',
  ),
  field(
    'share',
    'thresholds.share',
    shareCoding,
    'instead: of the last ROUNDS, down from RAISE percent failed and up at CLEAR',
  ),
  field('label', 'labels', pairsCoding('NAME=VALUE', '='), 'a label; may be repeated'),
  field(
    'parent',
    'parents',
    namesCoding('IDS'),
    'monitors of what stands before it: while one is down it raises nothing',
  ),
  field(
    'maintenance',
    'maintenance',
    membersCoding(
      'WINDOW',
      'FROM/TO, or weekdays, a time and a duration such as "sat,sun 03:00 2h"',
      maintenance,
    ),
    'when failures raise nothing: "FROM/TO note", or each week "sat,sun 03:00 2h note" in UTC; may be repeated',
  ),
  field('public', 'public', switchCoding, 'whether it is on the public status page'),
  field('enabled', 'enabled', switchCoding, 'whether it runs'),
  field('stopped-on', 'stopped_on', namesCoding(), 'agents on which it is stopped'),
];
