import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProbeResult } from '../wire/probe.ts';
import { describeResult } from './probe-result.ts';

const none = { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null };
const result: ProbeResult = {
  at: '2026-01-01T00:00:00.000Z',
  outcome: 'up',
  duration_ms: 12.3456,
  reason: null,
  attempts: 1,
  address: null,
  phases: none,
  echoes: [],
  detail: {},
};

describe('a round for a terminal', () => {
  it('has the phases and what HTTP and TLS told', () => {
    const lines = describeResult('https://example.org/', {
      ...result,
      address: '192.0.2.1:443',
      phases: { ...none, resolve_ms: 1, tls_ms: 250.5 },
      echoes: [300],
      detail: {
        status: 200,
        http_version: '2',
        bytes: 12,
        redirects: [{ url: 'http://example.org/', status: 301, duration_ms: 4 }],
        tls_version: 'TLSv1.3',
        certificate: {
          subject: 'CN=example.org',
          issuer: 'CN=ca',
          names: [],
          not_before: '2025-01-01T00:00:00.000Z',
          not_after: '2026-01-11T12:00:00.000Z',
          fingerprint: '',
          chain: 2,
          problem: null,
        },
      },
    });
    assert.deepEqual(lines, [
      'https://example.org/ is up at 192.0.2.1:443, 12.346 ms in all',
      '  resolve      1.000 ms',
      '  tls          250.5 ms',
      '  response     300.0 ms',
      '  redirect     301 from http://example.org/, 4.000 ms',
      '  status       200 (HTTP/2)',
      '  bytes        12',
      '  tls version  TLSv1.3',
      '  certificate  CN=example.org, 10 days left, issued by CN=ca',
    ]);
  });

  it('has the spread of echoes, and which were lost', () => {
    assert.deepEqual(describeResult('h', { ...result, echoes: [4, null, 1, 3] }).slice(1), [
      '  echoes              4.000 lost 1.000 3.000 ms',
      '  loss                1 of 4 lost (25 %)',
      '  min/avg/median/max  1.000/2.667/3.000/4.000 ms',
    ]);
    assert.deepEqual(describeResult('h', { ...result, echoes: [null, null] }).slice(1), [
      '  echoes  2 of 2 lost (100 %)',
    ]);
  });

  it('says why, after how many tries, and writes nothing that a terminal would act on', () => {
    const reason = { code: 'UNEXPECTED_REPLY', message: 'got \u001b[2J', phase: 'processing' } as const;
    assert.deepEqual(
      describeResult('h', { ...result, outcome: 'down', reason, attempts: 3, detail: { banner: 'a\nb' } }),
      [
        'h is down, 12.346 ms in all, 3 tries',
        '  reason  UNEXPECTED_REPLY (processing): got \\x1b[2J',
        '  banner  a\\x0ab',
      ],
    );
  });

  it('has answers, clocks and hops', () => {
    const detail = {
      rcode: 'NOERROR',
      flags: ['RD', 'RA'],
      answers: [{ name: 'example.org', type: 'A', ttl: 60, data: '192.0.2.1' }],
      ntp: {
        offset_ms: -1.5,
        delay_ms: 20,
        stratum: 2,
        root_delay_ms: 1,
        root_dispersion_ms: 3,
        leap: 'none',
        reference: '192.0.2.9',
      },
      hops: [
        { ttl: 1, addresses: ['192.0.2.1'], name: 'gw', rtt_ms: [1, null] },
        { ttl: 2, addresses: [], name: null, rtt_ms: [null] },
      ],
    } as const;
    assert.deepEqual(describeResult('h', { ...result, detail: structuredClone(detail) as never }).slice(1), [
      '  rcode   NOERROR RD RA',
      '  answer  example.org 60 A 192.0.2.1',
      '  clock   offset -1.500 ms, delay 20.000 ms, stratum 2 of 192.0.2.9, root dispersion 3.000 ms, leap second: none',
      '  hop 1   gw 192.0.2.1  1.000 * ms',
      '  hop 2   *',
    ]);
  });
});
