import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KnownAgent } from '../../store/agents.ts';
import { agentListSchema, agentRowSchema, dialListSchema } from '../../wire/monitor-api.ts';
import { type RunningServer, startServer } from '../server.fixture.ts';

const at = '2026-03-01T12:00:00.000Z';

function makeAgent(agent: string, fields: Partial<KnownAgent> = {}): KnownAgent {
  const rest = { version: '1', kernel: '6.8', os: 'Debian', dialledBy: 'agent', tls: false } as const;
  return { agent, ...rest, address: null, firstSeen: at, lastSeen: at, ...fields };
}

describe('the agents of the API', () => {
  let running: RunningServer;
  before(async () => {
    running = await startServer();
    await running.store.saveAgents([
      makeAgent('b', { dialledBy: 'server', address: 'https://b.example:65240', tls: true }),
      makeAgent('a'),
      makeAgent('<img src=x>'),
    ]);
  });
  after(() => running[Symbol.asyncDispose]());

  const ask = async (path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> => {
    const answer = await fetch(running.url + path, init);
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  };
  const post = (address: string) =>
    ask('/api/dials', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address }),
    });

  it('are listed by name, connected or not, in pages', async () => {
    const first = agentListSchema.parse((await ask('/api/agents?limit=2')).body);
    assert.deepEqual(
      first.agents.map(({ agent, connected }) => [agent, connected]),
      [
        ['<img src=x>', false],
        ['a', false],
      ],
    );
    const second = agentListSchema.parse((await ask(`/api/agents?limit=2&cursor=${first.next}`)).body);
    const [b] = second.agents;
    assert.deepEqual(
      [b.agent, b.dialled_by, b.address, b.tls, b.first_seen, b.lag_ms, second.next],
      ['b', 'server', 'https://b.example:65240', true, at, null, null],
    );
    assert.match(b.reason!, /has not connected/);
  });

  it('are found by whether they are connected, and by text', async () => {
    const names = async (query: string) =>
      agentListSchema.parse((await ask(`/api/agents?${query}`)).body).agents.map(({ agent }) => agent);
    assert.deepEqual(await names('connected=true'), []);
    assert.equal((await names('connected=false')).length, 3);
    assert.deepEqual(await names('text=EXAMPLE'), ['b']);
    assert.equal((await ask('/api/agents?connected=perhaps')).status, 400);
  });

  it('are read by name', async () => {
    const { body } = await ask(`/api/agents/${encodeURIComponent('<img src=x>')}`);
    assert.equal(agentRowSchema.parse(body).agent, '<img src=x>');
    assert.equal((await ask('/api/agents/nobody')).status, 404);
  });

  it('tell by name what of their records was lost', async () => {
    const gap = {
      kind: 'gap',
      at,
      reason: 'the spool was full',
      lost: 3,
      lost_by: { connection: 3 },
    } as const;
    await running.store.insertReported({ agent: 'b', epoch: 'e', first: 0, records: [gap] });
    const { kind, ...row } = gap;
    assert.deepEqual(agentRowSchema.parse((await ask('/api/agents/b')).body).gaps, [row]);
  });

  it('are dialled from the POST of their address to its DELETE', async () => {
    const added = await post('127.0.0.1:1');
    assert.equal(added.status, 201);
    assert.equal((await post('127.0.0.1:1')).status, 201);
    const { dials } = dialListSchema.parse((await ask('/api/dials')).body);
    assert.deepEqual(
      dials.map(({ address, connected }) => [address, connected]),
      [['http://127.0.0.1:1', false]],
    );
    const path = `/api/dials?address=${encodeURIComponent('127.0.0.1:1')}`;
    assert.equal((await ask(path, { method: 'DELETE' })).status, 204);
    assert.equal((await ask(path, { method: 'DELETE' })).status, 404);
  });

  it('are not dialled elsewhere in the clear, nor by what is no address', async () => {
    for (const address of ['192.0.2.1:65240', 'http://agent.example:65240']) {
      const { status, body } = await post(address);
      assert.deepEqual([status, (body as { code: string }).code], [400, 'NM_VALIDATION']);
    }
    for (const address of ['', 'file:///etc/passwd', '127.0.0.1:99999', 'a b:1']) {
      assert.equal((await post(address)).status, 400);
    }
    const { body } = await ask('/api/dials');
    assert.deepEqual(dialListSchema.parse(body).dials, []);
  });
});
