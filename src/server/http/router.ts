import type { WebHandler } from './exchange.ts';

export type Method = 'GET' | 'POST';

interface Route {
  readonly method: Method;
  readonly pattern: string;
  readonly handler: WebHandler;
}

export interface Found extends Route {
  readonly params: Readonly<Record<string, string>>;
}

/** Finds what answers a path: exact ones by name, then those with one parameter at the end (`/api/connections/:id`). */
export class Router {
  readonly #exact = new Map<string, Route>();
  readonly #parametric = new Map<string, Route & { readonly parameter: string }>();

  add(method: Method, pattern: string, handler: WebHandler): void {
    const route = { method, pattern, handler };
    const match = /^(.*\/):(\w+)$/.exec(pattern);
    if (match) this.#parametric.set(`${method} ${match[1]}`, { ...route, parameter: match[2] });
    else this.#exact.set(`${method} ${pattern}`, route);
  }

  /** The route of a decoded path; null when there is none for that method. */
  find(method: string, path: string): Found | null {
    const exact = this.#exact.get(`${method} ${path}`);
    if (exact) return { ...exact, params: {} };
    const end = path.lastIndexOf('/') + 1;
    const route = this.#parametric.get(`${method} ${path.slice(0, end)}`);
    if (!route || end === path.length) return null;
    return { ...route, params: { [route.parameter]: path.slice(end) } };
  }

  /** The methods of a path, as an Allow header lists them; empty when there is no such path. */
  allowed(path: string): readonly string[] {
    const methods: string[] = [];
    if (this.find('GET', path)) methods.push('GET', 'HEAD');
    if (this.find('POST', path)) methods.push('POST');
    return methods;
  }
}
