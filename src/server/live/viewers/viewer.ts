import type { WebSocket } from 'ws';
import { describeError, type ErrorCode, NetmonError } from '../../../base/errors.ts';
import { type Subscribe, type ViewerMessage, viewerMessageSchema } from '../../../wire/live.ts';
import type { Pace, SharedView, Views } from './views.ts';

const maxSubscriptions = 32;
/** Messages at once, and a second after that. */
const messageBurst = 60;
const messagesPerSecond = 10;
/** A viewer with this much unsent gets no frame until it has caught up; then it gets what it missed. */
export const maxBufferedBytes = 512 * 1024;

interface Subscription {
  readonly subscription: Subscribe;
  readonly shared: SharedView;
  readonly pace: Pace;
  /** Whether the viewer has everything up to the last refresh, so that the next update is enough. */
  inStep: boolean;
}

/** A viewer of `/ws?mode=delta`: its subscriptions, and what it still lacks of them. */
export class DeltaViewer {
  readonly #socket: WebSocket;
  readonly #views: Views;
  readonly #onChange: () => void;
  readonly #subscriptions = new Map<string, Subscription>();
  #pace: Pace = 'live';
  #tokens = messageBurst;
  #filledAt = performance.now();

  /** `onChange` is called when there is something new to be sent to this viewer, or at another pace. */
  constructor(socket: WebSocket, views: Views, onChange: () => void) {
    this.#socket = socket;
    this.#views = views;
    this.#onChange = onChange;
  }

  get pace(): Pace {
    return this.#pace;
  }

  /** Whether it waits for the snapshot of a subscription. */
  get lacksSnapshot(): boolean {
    for (const held of this.#subscriptions.values()) if (!held.inStep) return true;
    return false;
  }

  /** Takes a message in; what cannot be used is answered with a problem. */
  receive(text: string): void {
    if (!this.#admit()) {
      this.#problem('NM_RATE', `more than ${messagesPerSecond} messages a second`);
      this.#socket.close(1008, 'NM_RATE');
      return;
    }
    let id: string | undefined;
    try {
      const message = parseMessage(text);
      if (message.kind === 'subscribe') id = message.id;
      this.#handle(message);
    } catch (thrown) {
      const code = thrown instanceof NetmonError ? thrown.code : 'NM_INTERNAL';
      this.#problem(code, describeError(thrown), id);
    }
  }

  /** Sends a frame that begins with `head`, unless the viewer is too slow for it. */
  send(head: string): void {
    const behind = this.#socket.bufferedAmount > maxBufferedBytes;
    const updates: string[] = [];
    let length = 0;
    for (const [id, held] of this.#subscriptions) {
      // What does not fit waits for the next frame, so that many large snapshots are never in memory at once.
      if (behind || (!held.inStep && length > maxBufferedBytes)) {
        held.inStep = false;
        continue;
      }
      const fields = held.inStep ? held.shared.update : held.shared.view.snapshot();
      held.inStep = true;
      if (fields === null) continue;
      length += fields.length;
      updates.push(`{"id":${JSON.stringify(id)},${fields}}`);
    }
    if (!behind) this.#socket.send(`${head},"updates":[${updates.join(',')}]}`);
  }

  /** Gives its views back. */
  end(): void {
    for (const { subscription, pace } of this.#subscriptions.values()) {
      this.#views.release(subscription, pace);
    }
    this.#subscriptions.clear();
  }

  #handle(message: ViewerMessage): void {
    switch (message.kind) {
      case 'subscribe':
        this.#subscribe(message);
        break;
      case 'unsubscribe':
        this.#unsubscribe(message.id);
        break;
      case 'pace':
        this.#setPace(message.hidden ? 'slow' : 'live');
        break;
    }
  }

  #subscribe(subscription: Subscribe): void {
    const known = this.#subscriptions.has(subscription.id);
    if (!known && this.#subscriptions.size >= maxSubscriptions) {
      throw new NetmonError('NM_RATE', `a viewer has at most ${maxSubscriptions} subscriptions`);
    }
    this.#hold(subscription);
    this.#onChange();
  }

  #unsubscribe(id: string): void {
    const held = this.#subscriptions.get(id);
    if (!held) return;
    this.#subscriptions.delete(id);
    this.#views.release(held.subscription, held.pace);
  }

  #setPace(pace: Pace): void {
    if (pace === this.#pace) return;
    this.#pace = pace;
    const subscriptions = Array.from(this.#subscriptions.values(), ({ subscription }) => subscription);
    for (const subscription of subscriptions) this.#hold(subscription);
    this.#onChange();
  }

  /** Looks at the view of a subscription, instead of at the one that it had before. */
  #hold(subscription: Subscribe): void {
    const shared = this.#views.acquire(subscription, this.#pace);
    this.#unsubscribe(subscription.id);
    this.#subscriptions.set(subscription.id, { subscription, shared, pace: this.#pace, inStep: false });
  }

  #admit(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(messageBurst, this.#tokens + ((now - this.#filledAt) / 1000) * messagesPerSecond);
    this.#filledAt = now;
    this.#tokens--;
    return this.#tokens >= 0;
  }

  #problem(code: ErrorCode, message: string, id?: string): void {
    if (this.#socket.bufferedAmount > maxBufferedBytes) return;
    this.#socket.send(JSON.stringify({ kind: 'problem', code, message: message.slice(0, 500), id }));
  }
}

function parseMessage(text: string): ViewerMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new NetmonError('NM_BAD_REQUEST', 'the message is not JSON', { cause });
  }
  const parsed = viewerMessageSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new NetmonError('NM_VALIDATION', `${issue.path.join('.') || 'message'}: ${issue.message}`);
}
