import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NetmonError } from '../../base/errors.ts';
import { agentMessageSchema } from '../../wire/link.ts';
import { ended, reported } from '../../wire/reported.fixture.ts';
import { checkSequence, parseAgentMessage } from './messages.ts';

const kinds = agentMessageSchema.options.map((option) => option.shape.kind.value);

/** Throws what is no NetmonError. */
function attempt(text: string): void {
  try {
    parseAgentMessage(text);
  } catch (thrown) {
    assert.ok(thrown instanceof NetmonError && thrown.code === 'NM_VALIDATION', String(thrown));
    assert.ok(thrown.message.length <= 400);
  }
}

describe('a frame of an agent', () => {
  it('is read or refused, whatever text it is', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), attempt));
    for (const text of ['', 'null', '"x"', '['.repeat(1_000_000), '{"kind":"records"', '{"kind":{}}', '\0']) {
      attempt(text);
    }
  });

  it('is read or refused with odd values in the place of any of its fields', () => {
    const field = fc.constantFrom(
      'agent',
      'epoch',
      'first',
      'records',
      'at',
      'opened',
      'spool',
      'id',
      'answer',
      'csr',
      'ask',
      '__proto__',
    );
    const value = fc.jsonValue({ maxDepth: 4 });
    const message = fc
      .tuple(fc.constantFrom(...kinds), fc.dictionary(field, value))
      .map(([kind, fields]) => JSON.stringify({ kind, ...fields }));
    fc.assert(fc.property(message, attempt));
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
});

describe('a frame of records', () => {
  const write = (...records: unknown[]): string =>
    JSON.stringify({ kind: 'records', epoch: 'e', first: 7, records });

  it('has each record as the schema gives it, plain ones and others', () => {
    const { remote_name, ...older } = reported();
    const gap = { kind: 'gap', at: '2026-01-01T00:00:00.000Z', reason: 'r', lost: 1 };
    const text = write(ended(1), { kind: 'connection', key: 5, connection: older }, gap, {
      kind: 'connection',
      key: null,
      connection: { ...reported(), more: 1 },
    });
    assert.deepEqual(parseAgentMessage(text), agentMessageSchema.parse(JSON.parse(text)));
  });

  it('is refused as a whole by where the first wrong record is wrong', () => {
    const wrong = ended(2, { error: 'not an errno' });
    for (const [records, message] of [
      [[ended(1), wrong], /^records\.1\.connection\.error: /],
      [[ended(1), { ...ended(2), key: -1 }], /^records\.1\.key: /],
      [[ended(1), { ...ended(2), more: 1 }], /^records\.1/],
      [[ended(1), null], /^records\.1/],
      [[], /^records: /],
      [new Array(1001).fill(ended(1)), /^records: /],
    ] as const) {
      assert.throws(() => parseAgentMessage(write(...records)), { code: 'NM_VALIDATION', message });
    }
  });
});

describe('the numbers of records', () => {
  const frame = (first: number, gap?: number) => ({
    kind: 'records' as const,
    epoch: 'e',
    first,
    records: [
      gap === undefined
        ? ended(1)
        : { kind: 'gap' as const, at: '2026-01-01T00:00:00.000Z', reason: '', lost: gap },
    ],
  });

  it('go on from the last, begin again after a resend, and leap only over a gap that accounts for it', () => {
    for (const [message, expected] of [
      [frame(5), 5],
      [frame(0), 5],
      [frame(7, 3), 5],
      [frame(0), null],
      [frame(2 ** 40), null],
    ] as const) {
      checkSequence(message, expected);
    }
    for (const [message, expected] of [
      [frame(6), 5],
      [frame(7, 2), 5],
      [frame(Number.MAX_SAFE_INTEGER), null],
      [frame(2 ** 63), 5],
    ] as const) {
      assert.throws(() => checkSequence(message, expected), NetmonError);
    }
  });
});
