import type { DeviceFilter } from '../../sys/pcap-filter.ts';

/** What of the machine's traffic is inspected. */
export interface InspectionScope {
  /** Which packets; null for all. */
  readonly filter: DeviceFilter | null;
}

/** All there is. */
export const wholeScope: InspectionScope = { filter: null };
