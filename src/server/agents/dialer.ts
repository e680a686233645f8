import { NetmonError } from '../../base/errors.ts';
import type { Component } from '../../platform/lifecycle.ts';
import type { DialStatus } from '../../wire/monitor-api.ts';
import { Dial, type DialParts, type DialTls } from './dial.ts';
import { parseDialAddress } from './dial-address.ts';

/** Agents that one server dials at most. */
const maxDials = 1_000;

export interface DialerOptions {
  /** Addresses from the settings, which the API does not remove. */
  readonly fixed: readonly string[];
  /** Sent as a bearer token. */
  readonly token?: string;
  /** Absent where this server has no identity; it then dials loopback addresses alone. */
  readonly tls?: DialTls;
}

/** What the API asks of it. */
export type Dials = Pick<Dialer, 'list' | 'add' | 'remove'>;

/** The agents that wait to be dialled (`netmon agent --listen`), and a connection to each as long as it is wanted. */
export class Dialer implements Component {
  readonly name = 'dialer';
  readonly #options: DialerOptions;
  readonly #parts: DialParts;
  readonly #dials = new Map<string, Dial>();
  #running = false;

  constructor(options: DialerOptions, parts: DialParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Throws NM_BAD_CONFIG for an address in the settings that cannot be dialled. */
  async start(): Promise<void> {
    this.#running = true;
    for (const address of this.#options.fixed) {
      try {
        this.#begin(this.#normalize(address));
      } catch (cause) {
        throw new NetmonError('NM_BAD_CONFIG', `dial: ${(cause as Error).message}`, { cause });
      }
    }
    for (const address of await this.#parts.store.readDials()) {
      try {
        this.#begin(this.#normalize(address));
      } catch (error) {
        this.#parts.reporter.warn('an agent cannot be dialled', { address, error });
      }
    }
  }

  stop(): void {
    this.#running = false;
    for (const dial of this.#dials.values()) dial.stop();
    this.#dials.clear();
  }

  list(): readonly DialStatus[] {
    return [...this.#dials.values()].map((dial) => dial.status());
  }

  /** Dials an agent from now on, over restarts. Throws NM_VALIDATION or NM_RATE. */
  async add(text: string): Promise<DialStatus> {
    const address = this.#normalize(text);
    const known = this.#dials.get(address);
    if (known) return known.status();
    if (this.#dials.size >= maxDials)
      throw new NetmonError('NM_RATE', `${maxDials} agents are dialled already`);
    await this.#parts.store.addDial(address);
    return this.#begin(address).status();
  }

  /** Ends the connection and dials no more. Throws NM_NOT_FOUND, or NM_FORBIDDEN for one of the settings. */
  async remove(text: string): Promise<void> {
    const address = this.#normalize(text);
    if (this.#options.fixed.some((fixed) => this.#normalize(fixed) === address)) {
      throw new NetmonError('NM_FORBIDDEN', `${address} is in the settings (dial); take it out there`);
    }
    const removed = await this.#parts.store.removeDial(address);
    this.#dials.get(address)?.stop();
    if (!this.#dials.delete(address) && !removed) {
      throw new NetmonError('NM_NOT_FOUND', `${address} is not dialled`);
    }
  }

  #normalize(text: string): string {
    return parseDialAddress(text, this.#options.tls !== undefined);
  }

  #begin(address: string): Dial {
    const known = this.#dials.get(address);
    if (known) return known;
    const { token, tls } = this.#options;
    const dial = new Dial(
      { address, ...(token !== undefined && { token }), ...(tls && { tls }) },
      this.#parts,
    );
    this.#dials.set(address, dial);
    if (this.#running) dial.start();
    return dial;
  }
}
