import { formatTime } from '../../../base/time.ts';
import type { HttpRecord } from '../../../wire/traffic.ts';
import type { Conversation } from '../protocol.ts';
import { hideCredentials, maskTarget } from './mask-target.ts';

/** A request with its answer, as far as they were seen. */
export interface Exchange {
  startMs: number;
  method: string | null;
  target: string | null;
  host: string | null;
  userAgent: string | null;
  requestBytes: number;
  /** When the request's head was over; -1 when it was not seen. */
  askedMs: number;
  /** Whether all of the request has passed. */
  sent: boolean;
  status: number | null;
  contentType: string | null;
  responseBytes: number;
  /** Of the bodies, as their heads say, where what was seen of them may be less. */
  requestLength: number | null;
  responseLength: number | null;
  answeredMs: number;
  answered: boolean;
  version: HttpRecord['version'];
  /** Its answer may have been among bytes that were not captured. */
  stale: boolean;
  /** Bytes that are kept of it, see `weighExchange`. */
  held: number;
}

export function makeExchange(startMs: number, version: HttpRecord['version']): Exchange {
  return {
    startMs,
    method: null,
    target: null,
    host: null,
    userAgent: null,
    requestBytes: 0,
    askedMs: -1,
    sent: false,
    status: null,
    contentType: null,
    responseBytes: 0,
    requestLength: null,
    responseLength: null,
    answeredMs: -1,
    answered: false,
    version,
    stale: false,
    held: 0,
  };
}

/** Of an exchange beside its texts, about. */
const exchangeBytes = 256;

/** Notes how many bytes an exchange keeps once its request is known; that number. */
export function weighExchange(exchange: Exchange): number {
  const { target, host, userAgent } = exchange;
  const texts = (target?.length ?? 0) + (host?.length ?? 0) + (userAgent?.length ?? 0);
  exchange.held = exchangeBytes + texts;
  return exchange.held;
}

/** Tells of an exchange. `fromClient` says whether the client of the connection made the request, as it nearly always does. */
export function emitExchange(conversation: Conversation, exchange: Exchange, fromClient = true): void {
  const { target, askedMs, answeredMs } = exchange;
  const path = target === null ? null : hideCredentials(target);
  conversation.emit({
    type: 'http',
    ts: formatTime(exchange.startMs),
    src: fromClient ? conversation.src : conversation.dst,
    dst: fromClient ? conversation.dst : conversation.src,
    method: exchange.method,
    host: exchange.host,
    path: path !== null && conversation.settings.mask ? maskTarget(path) : path,
    status: exchange.status,
    request_bytes: exchange.requestLength ?? exchange.requestBytes,
    response_bytes: exchange.responseLength ?? exchange.responseBytes,
    duration_ms:
      askedMs < 0 || answeredMs < 0 ? null : Math.max(0, Math.round((answeredMs - askedMs) * 1000) / 1000),
    version: exchange.version,
    user_agent: exchange.userAgent,
    content_type: exchange.contentType,
  });
}
