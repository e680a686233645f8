import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NetmonError } from '../base/errors.ts';
import { parseAgentAddress } from './agent-address.ts';
import { AgentDialling } from './agent-dialling.ts';

const tls = { cert: 'a certificate' };
const failed = (code: string): Error => Object.assign(new Error('it failed'), { code });
const is = (code: string, message: RegExp) => (thrown: unknown) =>
  thrown instanceof NetmonError && thrown.code === code && message.test(thrown.message);

describe('how a console dials an agent', () => {
  it('goes to another machine by TLS alone, and nowhere without a certificate', () => {
    const place = parseAgentAddress('192.0.2.7');
    assert.throws(
      () => new AgentDialling(place, { tls: () => null, headers: {} }).next(),
      is('NM_FORBIDDEN', /enroll this console/),
    );
    const dialling = new AgentDialling(place, { tls: () => tls, headers: {} });
    assert.match(dialling.next().url, /^wss:\/\/192\.0\.2\.7:65240\//);
    assert.ok(dialling.explain(failed('EPROTO')));
    assert.match(dialling.next().url, /^wss:/);
  });

  it('tries TLS first on this machine, and at once a plain connection where no TLS is spoken', () => {
    const dialling = new AgentDialling(parseAgentAddress('127.0.0.1:7'), { tls: () => tls, headers: {} });
    const first = dialling.next();
    assert.deepEqual([first.url.startsWith('wss:'), first.tls], [true, tls]);
    assert.equal(dialling.explain(failed('EPROTO')), null);
    const second = dialling.next();
    assert.deepEqual([second.url.startsWith('ws:'), second.tls], [true, undefined]);
    assert.match(dialling.explain(failed('ECONNREFUSED'))?.message ?? '', /unable to reach/);
    assert.match(dialling.next().url, /^wss:/, 'it may be another by then');
  });

  it('never goes back to a plain connection once TLS has led to an agent', () => {
    const dialling = new AgentDialling(parseAgentAddress('localhost:7'), { tls: () => tls, headers: {} });
    dialling.next();
    dialling.succeeded();
    for (const code of ['EPROTO', 'ECONNRESET', 'ECONNREFUSED']) {
      assert.ok(dialling.explain(failed(code)), code);
      assert.match(dialling.next().url, /^wss:/, code);
    }
  });

  it('has no need of a certificate that has ended where none is wanted, and otherwise says that it has', () => {
    const access = {
      tls: () => {
        throw new NetmonError('NM_EXPIRED', 'it ended');
      },
      headers: {},
    };
    const remote = new AgentDialling(parseAgentAddress('192.0.2.7'), access);
    assert.throws(() => remote.next(), is('NM_EXPIRED', /it ended/));
    const here = new AgentDialling(parseAgentAddress('127.0.0.1'), access);
    assert.match(here.next().url, /^ws:/);
    assert.ok(is('NM_EXPIRED', /it ended/)(here.explain(failed('ECONNRESET'))));
  });

  it('says what a refusal means', () => {
    const remote = new AgentDialling(parseAgentAddress('h:7'), { tls: () => tls, headers: {} });
    remote.next();
    assert.match(remote.explain(failed('SELF_SIGNED_CERT_IN_CHAIN'))?.message ?? '', /of another server/);
    assert.match(
      remote.explain(failed('ECONNRESET'))?.message ?? '',
      /hung up: it takes consoles of its own/,
    );
    const plain = new AgentDialling(parseAgentAddress('127.0.0.1:7'), { tls: () => null, headers: {} });
    plain.next();
    assert.match(plain.explain(failed('ECONNRESET'))?.message ?? '', /hung up: an agent that is enrolled/);
  });
});
