import type { AppProtocol } from './protocol.ts';
import { ssh } from './ssh.ts';

/** Every application protocol, the strictest first: they are asked in this order, after those with the port. */
export const appProtocols: readonly AppProtocol[] = [ssh];

/** Finds the protocols to ask about a conversation, those of its server's port first. */
export class AppRegistry {
  readonly #protocols: readonly AppProtocol[];
  readonly #byPort = new Map<string, readonly AppProtocol[]>();
  readonly #named = new Map<string, AppProtocol>();

  constructor(protocols: readonly AppProtocol[] = appProtocols) {
    this.#protocols = protocols;
    for (const protocol of protocols)
      for (const transport of protocol.transports)
        for (const port of protocol.ports) {
          const name = `${transport} ${port}`;
          if (!this.#named.has(name)) this.#named.set(name, protocol);
        }
    for (const transport of ['tcp', 'udp'] as const) {
      const all = protocols.filter((one) => one.transports.includes(transport));
      this.#byPort.set(transport, all);
      for (const [name, protocol] of this.#named)
        if (name.startsWith(transport)) this.#byPort.set(name, [...new Set([protocol, ...all])]);
    }
  }

  candidates(transport: 'tcp' | 'udp', clientPort: number, serverPort: number): readonly AppProtocol[] {
    return (
      this.#byPort.get(`${transport} ${serverPort}`) ??
      this.#byPort.get(`${transport} ${clientPort}`) ??
      this.#byPort.get(transport) ??
      this.#protocols
    );
  }

  /** The application that the port stands for; null for none. */
  nameOfPort(transport: 'tcp' | 'udp', port: number): string | null {
    return this.#named.get(`${transport} ${port}`)?.name ?? null;
  }

  isServerPort(port: number, transport: 'tcp' | 'udp'): boolean {
    return this.#named.has(`${transport} ${port}`);
  }
}
