import type { Flow } from './flow.ts';

/** Flows in the order of their last packets, to about a second. */
export class FlowList {
  oldest: Flow | null = null;
  newest: Flow | null = null;
  size = 0;

  /** Puts a flow that is in no list at the young end. */
  append(flow: Flow, nowMs: number): void {
    this.size++;
    flow.listedMs = nowMs;
    flow.older = this.newest;
    flow.newer = null;
    if (this.newest) this.newest.newer = flow;
    else this.oldest = flow;
    this.newest = flow;
  }

  remove(flow: Flow): void {
    this.size--;
    if (flow.older) flow.older.newer = flow.newer;
    else this.oldest = flow.newer;
    if (flow.newer) flow.newer.older = flow.older;
    else this.newest = flow.older;
    flow.older = null;
    flow.newer = null;
  }
}
