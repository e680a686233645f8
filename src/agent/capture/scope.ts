import type { DeviceFilter } from '../../sys/pcap-filter.ts';

/** By whom packets are copied: `full` by programs in the kernel, `packets` by a packet socket, `auto` by who can. */
export const inspectLevels = ['auto', 'full', 'packets'] as const;

/** What of the machine's traffic is inspected. */
export interface InspectionScope {
  readonly level: (typeof inspectLevels)[number];
  /** Which packets; null for all. */
  readonly filter: DeviceFilter | null;
}

/** All there is. */
export const wholeScope: InspectionScope = { level: 'auto', filter: null };
