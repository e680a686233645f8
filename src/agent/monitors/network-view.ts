import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import {
  decodeNeighbour,
  type Neighbour,
  neighbourRequest,
  neighbourTypes,
} from '../../decode/neighbours.ts';
import { findRoute, parseRoutes, parseRoutes6 } from '../../decode/routes.ts';
import { NetlinkSocket, netlinkFamilies } from '../../sys/netlink.ts';
import { readProcText } from '../../sys/proc.ts';
import type { NetworkView } from './connectivity.ts';

/** A view is used again within this time: rounds fail by the hundred when a network goes. */
const freshMs = 500;
/** Neighbours that are looked at; the kernel's tables have room for 1,024 each unless told otherwise. */
const maxNeighbours = 10_000;

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
  let neighbours: readonly Neighbour[] | null = null;
  return {
    interfaces: new Set(outer.map(([name]) => name)),
    isOwnAddress: (ip) => own.has(ip),
    findWay: (ip) => findRoute(routes, ip),
    isLost: (ip, interfaceName) => {
      neighbours ??= readNeighbours();
      // The scope of its link-local address is the number of an interface.
      const index = all.find(([name]) => name === interfaceName)?.[1]?.find(hasScope)?.scopeid;
      const known = neighbours.filter((one) => one.ip === ip && (index === undefined || one.index === index));
      return known.length > 0 && known.every(({ isLost }) => isLost);
    },
  };
}

function hasScope({ scopeid }: NetworkInterfaceInfo): boolean {
  return scopeid !== undefined && scopeid > 0;
}

/** None where the system has no rtnetlink, or does not let it be used. */
function readNeighbours(): readonly Neighbour[] {
  const neighbours: Neighbour[] = [];
  try {
    using socket = new NetlinkSocket(netlinkFamilies.route);
    socket.dump(neighbourTypes.getNeighbour, neighbourRequest, (view, { type, from, end }) => {
      if (type !== neighbourTypes.newNeighbour || neighbours.length >= maxNeighbours) return;
      const neighbour = decodeNeighbour(view, from, end);
      if (neighbour) neighbours.push(neighbour);
    });
  } catch {
    return [];
  }
  return neighbours;
}
