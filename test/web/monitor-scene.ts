import { AgentLink } from '../../src/agent/link/link.ts';
import type { LiveSource, SourceFrame } from '../../src/agent/link/source.ts';
import { OrderDesk } from '../../src/agent/orders/desk.ts';
import type { OrderHandler } from '../../src/agent/orders/handler.ts';
import { SeenOrders } from '../../src/agent/orders/seen.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import type { MonitorResult } from '../../src/wire/monitor.ts';
import type { Order, OrderAnswer } from '../../src/wire/orders.ts';
import type { ProbeResult } from '../../src/wire/probe.ts';

/** An agent that finds what a test says, over the real link. */
export class ProbeAgent implements LiveSource {
  readonly name: string;
  /** Every order that came. */
  readonly orders: Order[] = [];
  /** What a probe that is tried finds. */
  trial: ProbeResult = makeResult({});
  #link: AgentLink | null = null;

  constructor(name: string) {
    this.name = name;
  }

  start(server: string): void {
    const reporter = makeReporter({ level: 'error' });
    const handler: OrderHandler = { handle: async (order) => this.#answer(order) };
    const orders = new OrderDesk(
      { agent: this.name, forbidden: new Set(), seen: new SeenOrders({ path: null }) },
      handler,
      reporter,
    );
    const hello = { agent: this.name, version: '0.0.0', kernel: '6.1.0', os: 'Test 1' };
    this.#link = new AgentLink({ server, hello, spool: { path: null }, orders }, this, reporter);
    this.#link.start();
  }

  async stop(): Promise<void> {
    await this.#link?.stop();
  }

  /** Has a round of a monitor kept and sent. */
  find(monitor: string, fields: Partial<ProbeResult> = {}): void {
    const result: MonitorResult = { ...makeResult(fields), monitor, revision: 1 };
    this.#link?.record({ kind: 'probe', result });
  }

  sensors(): ReturnType<LiveSource['sensors']> {
    return [{ name: 'sockets', level: 'full', detail: 'all', reason: null, remedy: null }];
  }

  takeFrame(full: boolean): SourceFrame {
    return {
      at: Date.now(),
      full,
      opened: [],
      revised: [],
      changed: [],
      closed: [],
      samples: [],
      interface_samples: {},
      process_samples: {},
      processes: [],
      processes_gone: [],
      interfaces: [],
    };
  }

  #answer(order: Order): OrderAnswer {
    this.orders.push(order);
    return order.type === 'probe.run' ? { type: 'result', result: this.trial } : { type: 'done' };
  }
}

const noPhases = {
  resolve_ms: null,
  connect_ms: null,
  tls_ms: null,
  processing_ms: null,
  transfer_ms: null,
};

/** A round that is up after 12.5 ms, with `fields` in place of what is so. */
export function makeResult(fields: Partial<ProbeResult>): ProbeResult {
  return {
    at: new Date().toISOString(),
    outcome: 'up',
    duration_ms: 12.5,
    reason: null,
    attempts: 1,
    address: '127.0.0.1:443',
    phases: noPhases,
    echoes: [12.5],
    detail: {},
    ...fields,
  };
}

/** A round that is down for that reason. */
export function makeFailure(code: string, message: string): Partial<ProbeResult> {
  return {
    outcome: 'down',
    echoes: [null],
    reason: { code, message, phase: 'connect' },
  };
}
