import { NetmonError } from '../../base/errors.ts';
import { type Assignment, maxMonitors } from '../../wire/monitor.ts';
import type { Order } from '../../wire/orders.ts';

type SetOrder = Extract<Order, { type: 'monitors.set' }>;

/** Puts the parts of one owner's set together, which come in order. What is not finished is dropped with the next set. */
export class SetParts {
  #revision = -1;
  #parts = 0;
  #next = 0;
  #monitors: Assignment[] = [];

  /** The whole set with its last part, null before. Throws NM_CONFLICT for a part out of order. */
  add({ revision, part, parts, monitors }: SetOrder): readonly Assignment[] | null {
    if (part === 0) this.#begin(revision, parts);
    if (revision !== this.#revision || part !== this.#next || parts !== this.#parts) {
      this.#begin(-1, 0);
      throw new NetmonError('NM_CONFLICT', `part ${part} of ${parts} is not the next one of this set`);
    }
    if (this.#monitors.length + monitors.length > maxMonitors) {
      this.#begin(-1, 0);
      throw new NetmonError('NM_TOO_LARGE', `this agent carries out ${maxMonitors} monitors at most`);
    }
    this.#monitors.push(...monitors);
    this.#next++;
    if (this.#next < parts) return null;
    const whole = this.#monitors;
    this.#begin(-1, 0);
    return whole;
  }

  #begin(revision: number, parts: number): void {
    this.#revision = revision;
    this.#parts = parts;
    this.#next = 0;
    this.#monitors = [];
  }
}
