import type { MonitorResult } from '../../wire/monitor.ts';
import type { Order, OrderAnswer } from '../../wire/orders.ts';

/** Who an order is from: the server that the agent is linked to, or a console that is connected to it. */
export type OrderOwner = 'server' | 'console';

/** Carries out orders that were verified, are in time, were not seen before, and that the policy allows. */
export interface OrderHandler {
  /** Never rejects: what cannot be done is answered as `refused`. */
  handle(order: Order, owner: OrderOwner): Promise<OrderAnswer>;
}

/** Where rounds are told of as they come. `results.watch` is answered by whoever holds the connection, not by a handler. */
export interface ResultFeed {
  /** The function that is given back ends it. */
  onResult(listener: (result: MonitorResult) => void): () => void;
}
