import { describeError } from '../../base/errors.ts';
import type { Phases, Reason } from '../../wire/probe.ts';
import type { ProbeRun } from './probe.ts';

/** No part of a round took place. */
export const noPhases: Phases = {
  resolve_ms: null,
  connect_ms: null,
  tls_ms: null,
  processing_ms: null,
  transfer_ms: null,
};

/** Characters of a reason's message. */
const maxMessage = 512;

/** What this machine has run out of, which says nothing of a target. */
const ownShortages: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);

/** A reason within its bounds; a shortage of this machine is the agent's, wherever it showed. */
export function makeReason(code: string, message: string, phase: Reason['phase']): Reason {
  const whose = ownShortages.has(code) ? 'agent' : phase;
  return { code: code.slice(0, 64), message: message.slice(0, maxMessage), phase: whose };
}

/** A try of which that is known; nothing went wrong and nothing was measured unless it says so. */
export function makeRun(known: Partial<ProbeRun>): ProbeRun {
  return {
    failure: null,
    address: null,
    responseMs: null,
    phases: noPhases,
    echoes: [],
    facts: {},
    detail: {},
    ...known,
  };
}

/** A try that failed, with whatever is known beside that. */
export function failedRun(failure: Reason, known: Partial<ProbeRun> = {}): ProbeRun {
  return makeRun({ facts: { CONNECTED: false }, ...known, failure });
}

/** Why this machine cannot probe so at all, which says nothing of a target; null when what was tried worked. */
export async function explainUnusable(what: string, tried: Promise<unknown>): Promise<Reason | null> {
  try {
    await tried;
    return null;
  } catch (thrown) {
    return makeReason(errnoOf(thrown), `${what} cannot be used here: ${describeError(thrown)}`, 'agent');
  }
}

/** The errno that a system call's NM_SYSTEM tells of. */
export function errnoOf(thrown: unknown): string {
  return /: (E[A-Z0-9]+)$/.exec(describeError(thrown))?.[1] ?? 'EIO';
}

/** Milliseconds as results have them: to the microsecond. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** What an errno means, in the words of errno(3). */
export function describeErrno(errno: string): string {
  return words[errno] ?? errno;
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'not permitted',
  EADDRNOTAVAIL: 'this machine has no address or port for it',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the other end',
  EHOSTDOWN: 'host is down',
  EHOSTUNREACH: 'no route to the host',
  EMFILE: 'too many open files',
  EMSGSIZE: 'the packet is too long',
  ENETDOWN: 'network is down',
  ENETUNREACH: 'network is unreachable',
  ENFILE: 'too many open files on this machine',
  ENOBUFS: 'no room for another packet',
  ENOMEM: 'out of memory',
  ENOPROTOOPT: 'protocol not available there',
  EPERM: 'a rule of this machine forbids it',
  EPIPE: 'the other end has closed the connection',
  EPROTO: 'protocol error',
  ETIMEDOUT: 'timed out',
};
