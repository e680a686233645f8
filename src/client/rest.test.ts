import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { NetmonError } from '../base/errors.ts';
import { RestClient, writeQuery } from './rest.ts';

describe('RestClient', () => {
  let server: Server;
  let client: RestClient;
  const asked: string[] = [];
  before(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const found = !request.url!.includes('/999');
      response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          found
            ? { connections: [], next: null }
            : { status: 404, code: 'NM_NOT_FOUND', detail: 'no connection 999', title: '', type: '' },
        ),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = new RestClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  });
  after(() => server.close());

  it('writes filters into the query', async () => {
    assert.deepEqual(await client.connections({ error: ['ECONNREFUSED', 'ECONNRESET'], limit: 5 }), {
      connections: [],
      next: null,
    });
    assert.equal(asked.at(-1), 'GET /api/connections?error=ECONNREFUSED%2CECONNRESET&limit=5');
    assert.equal(writeQuery({ text: undefined }), '');
  });

  it("throws the server's own error", async () => {
    await assert.rejects(client.connection(999), (error: NetmonError) => {
      assert.equal(error.code, 'NM_NOT_FOUND');
      assert.equal(error.message, 'no connection 999');
      return error instanceof NetmonError;
    });
  });

  it('says that a server cannot be reached', async () => {
    await assert.rejects(new RestClient({ url: 'http://127.0.0.1:1' }).stats(), { code: 'NM_UNAVAILABLE' });
  });
});
