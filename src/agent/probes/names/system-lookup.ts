import { lookup } from 'node:dns/promises';

/** Lookups that wait for their turn, and how long one may have waited. */
const maxWaiting = 256;
const maxWaitMs = 10_000;

/**
 * The C library's lookup, one at a time: each occupies one of the few threads that this process has for files as well, for as
 * long as whatever is asked (mDNS, LDAP) is silent.
 */
export class SystemLookup {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Addresses in no particular order. Rejects with an error that has a code: ENOTFOUND, EAI_AGAIN, ... */
  async find(host: string, family: 4 | 6 | null): Promise<readonly string[]> {
    if (this.#waiting >= maxWaiting) throw tooMany();
    const since = performance.now();
    this.#waiting++;
    const turn = this.#last.then(async () => {
      this.#waiting--;
      if (performance.now() - since > maxWaitMs) throw tooMany();
      return await lookup(host, { all: true, family: family ?? 0, order: 'verbatim' });
    });
    this.#last = turn.catch(() => {});
    return (await turn).map(({ address }) => address);
  }
}

function tooMany(): Error {
  return Object.assign(new Error('too many names are looked up'), { code: 'EAI_AGAIN' });
}
