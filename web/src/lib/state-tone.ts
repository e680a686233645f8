import type { ConnectionState } from '../../../src/wire/names.ts';

/** Colour families of connection states; the colours themselves are in styles.css, and the text is always shown. */
export const stateTones = {
  ESTABLISHED: 'green',
  LISTEN: 'blue',
  TIME_WAIT: 'yellow',
  CLOSE_WAIT: 'orange',
  SYN_SENT: 'purple',
  SYN_RECV: 'purple',
  FIN_WAIT1: 'red',
  FIN_WAIT2: 'red',
  CLOSING: 'red',
  LAST_ACK: 'red',
  CLOSED: 'grey',
  NONE: 'grey',
} as const satisfies Record<ConnectionState, string>;
export type Tone = (typeof stateTones)[ConnectionState];

/** The tone of a state's name, grey for one that is none. */
export function toneOf(state: string | null | undefined): Tone {
  return state && Object.hasOwn(stateTones, state) ? stateTones[state as ConnectionState] : 'grey';
}
