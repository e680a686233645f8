import { networkInterfaces } from 'node:os';
import { findRoute, isNeighbourLost, parseRoutes, parseRoutes6 } from '../../decode/routes.ts';
import { readProcText } from '../../sys/proc.ts';
import type { NetworkView } from './connectivity.ts';

/** A view is used again within this time: rounds fail by the hundred when a network goes. */
const freshMs = 500;

/** Reads the machine's network, at most twice a second. */
export function makeNetworkReader(monotonic: () => number): () => NetworkView {
  let view: NetworkView | null = null;
  let readAt = 0;
  return () => {
    const now = monotonic();
    if (view === null || now - readAt > freshMs) {
      view = readNetwork();
      readAt = now;
    }
    return view;
  };
}

function readNetwork(): NetworkView {
  const all = Object.entries(networkInterfaces());
  const own = new Set(all.flatMap(([, addresses]) => addresses?.map(({ address }) => address) ?? []));
  const outer = all.filter(([, addresses]) => addresses?.some(({ internal }) => !internal));
  const routes = [
    ...parseRoutes(readProcText('/proc/net/route') ?? ''),
    ...parseRoutes6(readProcText('/proc/net/ipv6_route') ?? ''),
  ];
  const arp = readProcText('/proc/net/arp') ?? '';
  const gateways = routes.flatMap(({ family, bits, gateway }) =>
    family === 4 && bits === 96 && gateway !== null ? [gateway] : [],
  );
  return {
    interfaces: new Set(outer.map(([name]) => name)),
    isOwnAddress: (ip) => own.has(ip),
    findInterface: (ip) => findRoute(routes, ip)?.interface ?? null,
    lostGateway: gateways.find((gateway) => isNeighbourLost(arp, gateway)) ?? null,
  };
}
