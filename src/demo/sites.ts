/** What the made-up sites of the demonstration hold. The names are of RFC 2606: they belong to nobody. */

export interface Page {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** `#` stands for a number, `@` for a secret, both another one each time. */
  readonly path: string;
  readonly status: number;
  /** Time that the site thinks about it, at the least; a few answers take several times that. */
  readonly latencyMs: number;
  readonly bytes: number;
  readonly type: string;
  /** How often it is asked for, against the others. */
  readonly weight: number;
}

export interface Site {
  readonly host: string;
  readonly weight: number;
  readonly pages: readonly Page[];
}

const page = (
  method: Page['method'],
  path: string,
  status: number,
  latencyMs: number,
  bytes: number,
  weight: number,
  type = 'text/html; charset=utf-8',
): Page => ({ method, path, status, latencyMs, bytes, weight, type });
const json = 'application/json';

export const plainSites: readonly Site[] = [
  {
    host: 'shop.example',
    weight: 5,
    pages: [
      page('GET', '/products/#', 200, 12, 18_000, 10),
      page('GET', '/products?page=#', 200, 25, 42_000, 5),
      page('GET', '/images/#.jpg', 200, 3, 120_000, 6, 'image/jpeg'),
      page('GET', '/images/logo.svg', 304, 1, 0, 5, 'image/svg+xml'),
      page('POST', '/cart/items', 201, 18, 300, 4, json),
      page('POST', '/login?token=@', 302, 60, 0, 2),
      page('POST', '/checkout', 200, 90, 2400, 2),
      page('POST', '/checkout', 503, 700, 400, 1),
      page('GET', '/products/gone-#', 404, 4, 900, 1),
    ],
  },
  {
    host: 'api.example',
    weight: 4,
    pages: [
      page('GET', '/v1/orders/#', 200, 8, 1800, 8, json),
      page('GET', '/v1/search?q=boots&page=#', 200, 110, 9000, 4, json),
      page('POST', '/v1/orders', 201, 30, 600, 3, json),
      page('PUT', '/v1/orders/#', 200, 22, 500, 2, json),
      page('DELETE', '/v1/orders/#', 204, 15, 0, 1, json),
      page('GET', '/v1/customers/#?api_key=@', 401, 3, 120, 1, json),
      page('GET', '/v2/reports/#', 500, 250, 200, 1, json),
      page('GET', '/v2/prices', 429, 1, 90, 1, json),
    ],
  },
  {
    host: 'docs.example',
    weight: 2,
    pages: [
      page('GET', '/guide/chapter-#', 200, 6, 31_000, 6),
      page('HEAD', '/guide/start', 200, 2, 31_000, 1),
      page('GET', '/', 301, 1, 0, 2),
      page('GET', '/guide/draft-#', 404, 3, 700, 1),
      page('GET', '/downloads/handbook.pdf', 200, 20, 2_500_000, 1, 'application/pdf'),
    ],
  },
];

/** Behind TLS: of them only the names are to be seen. */
export const secureSites: readonly Site[] = [
  {
    host: 'secure.shop.example',
    weight: 3,
    pages: [page('GET', '/account', 200, 20, 14_000, 3), page('POST', '/payment', 200, 150, 800, 1, json)],
  },
  { host: 'accounts.example', weight: 2, pages: [page('POST', '/session', 201, 70, 400, 1, json)] },
];

/** What the burst asks for, which is a page of the shop as well. */
export const burstSite: Site = {
  host: 'shop.example',
  weight: 1,
  pages: [page('GET', '/sale/#', 200, 2, 6000, 1)],
};

/** What a site may answer: every page with this method whose path fits, several where the site is in two minds. */
export function findPages(host: string, method: string, path: string): readonly Page[] {
  const pages = [...plainSites, ...secureSites, burstSite].filter((site) => site.host === host);
  return pages.flatMap((site) => site.pages).filter((each) => each.method === method && fits(each, path));
}

/** A path as a visitor asks for it. */
export function fillPath(path: string, number: number, secret: string): string {
  return path.replaceAll('#', String(number)).replaceAll('@', secret);
}

function fits(wanted: Page, path: string): boolean {
  const pattern = wanted.path
    .replace(/[.?]/g, '\\$&')
    .replaceAll('#', '\\d{1,6}')
    .replaceAll('@', '\\w{1,64}');
  return new RegExp(`^${pattern}$`).test(path);
}

/** One of a list, by their weights; `random` is from 0 to 1. */
export function pickByWeight<T extends { readonly weight: number }>(list: readonly T[], random: number): T {
  let left = random * list.reduce((sum, { weight }) => sum + weight, 0);
  for (const each of list) {
    left -= each.weight;
    if (left < 0) return each;
  }
  return list[list.length - 1];
}
