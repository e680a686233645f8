import type { DeviceFilter } from '../../sys/pcap-filter.ts';

/** By whom packets are copied: `full` by programs in the kernel, `packets` by a packet socket, `auto` by who can. */
export const inspectLevels = ['auto', 'full', 'packets'] as const;

/** What of the machine's traffic is inspected. */
export interface InspectionScope {
  readonly level: (typeof inspectLevels)[number];
  /** Which packets; null for all. */
  readonly filter: DeviceFilter | null;
  /** Network namespaces beside the agent's own: names of ip-netns(8), `pid:N`, or `all`. */
  readonly namespaces: readonly string[];
}

/** All there is. */
export const wholeScope: InspectionScope = { level: 'auto', filter: null, namespaces: [] };
