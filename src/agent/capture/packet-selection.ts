import { AgingMap } from '../../base/aging-map.ts';

/** Which of the kept packets are wanted: all, those of web traffic, of a site, of an interface, or of sockets. */
export type Wanted =
  | { readonly kind: 'all' }
  | { readonly kind: 'http' }
  | { readonly kind: 'site'; readonly site: string }
  | { readonly kind: 'interface'; readonly interface: number }
  /** By their cookies. */
  | { readonly kind: 'sockets'; readonly cookies: readonly number[] };

/** Flows of web traffic that are remembered, and sites of one. */
const maxFlows = 16_384;
const maxSites = 8;

/** The flows in which HTTP was spoken, by number, and with which sites; the oldest give way. */
export class WebFlows {
  readonly #sites = new AgingMap<number, string[]>();

  add(flow: number): string[] {
    let sites = this.#sites.get(flow);
    if (sites) return sites;
    if (this.#sites.size >= maxFlows) this.#sites.removeOldest();
    sites = [];
    this.#sites.set(flow, sites);
    return sites;
  }

  addSite(flow: number, site: string): void {
    const sites = this.add(flow);
    if (sites.length < maxSites && !sites.includes(site)) sites.push(site);
  }

  has(flow: number): boolean {
    return this.#sites.has(flow);
  }

  hasSite(flow: number, site: string): boolean {
    return this.#sites.get(flow)?.includes(site) ?? false;
  }
}

/** What a kept packet belongs to. */
export interface Belonging {
  /** Of the analyzer; -1 for none. */
  readonly flow: number;
  readonly cookie: number;
  readonly interface: number;
}

/** Tells which packets are wanted; `packets` are all there are, since one tells whose the others of its flow are. */
export function makeSelector(
  wanted: Wanted,
  web: WebFlows,
  packets: () => Iterable<Belonging>,
): (packet: Belonging) => boolean {
  switch (wanted.kind) {
    case 'all':
      return () => true;
    case 'http':
      return ({ flow }) => web.has(flow);
    case 'site':
      return ({ flow }) => web.hasSite(flow, wanted.site);
    case 'interface':
      return (packet) => packet.interface === wanted.interface;
    case 'sockets': {
      const cookies = new Set(wanted.cookies);
      const flows = new Set<number>();
      for (const { cookie, flow } of packets()) if (flow >= 0 && cookies.has(cookie)) flows.add(flow);
      return ({ flow }) => flows.has(flow);
    }
  }
}
