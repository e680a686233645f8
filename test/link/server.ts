import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Reporter } from '../../src/platform/reporter.ts';
import { AgentRegistry } from '../../src/server/agents/registry.ts';
import { Ingest } from '../../src/server/ingest/ingest.ts';
import { IdPool } from '../../src/server/live/ids.ts';
import { Mirror } from '../../src/server/live/mirror.ts';
import { ViewerHub } from '../../src/server/live/viewers/hub.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { linkPath } from '../../src/wire/link.ts';

export interface LinkServer {
  readonly url: string;
  readonly mirror: Mirror;
  readonly store: Store;
  readonly agents: AgentRegistry;
  stop(): Promise<void>;
}

/** The ends of the link and of the viewers on a bare HTTP server, with a real store. */
export async function startLinkServer(
  path: string,
  reporter: Reporter,
  port = 0,
  wrap: (store: Store) => Store = (store) => store,
): Promise<LinkServer> {
  const store = wrap(openSqliteStore({ path }));
  const mirror = new Mirror(new IdPool(store), null);
  const agents = new AgentRegistry(store, reporter);
  const ingest = new Ingest({ store, mirror, reporter, agents });
  const hub = new ViewerHub(mirror, reporter);
  const http = createServer((_, response) => response.writeHead(404).end());
  http.on('upgrade', (request, socket, head) => {
    const route = request.url?.startsWith(linkPath) ? ingest : hub;
    route.upgrade(request, socket, head);
  });
  await ingest.start();
  hub.start();
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    mirror,
    store,
    agents,
    async stop() {
      http.close();
      await ingest.stop();
      hub.stop();
      http.closeAllConnections();
      await store.close();
    },
  };
}
