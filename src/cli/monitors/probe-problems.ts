import type { Probe } from '../../wire/probe.ts';

/** What is wrong with a field of a probe, by the name of its flag. */
export interface ProbeProblem {
  readonly field: string;
  readonly message: string;
}

/** What an agent could not carry out though each field is all right by itself; null for nothing. */
export function findProbeProblem(probe: Probe): ProbeProblem | null {
  if (probe.kind === 'udp' && probe.encoding === 'hex' && !isHex(probe.payload))
    return { field: 'payload', message: hexMessage };
  if (probe.kind !== 'tcp') return null;
  if (probe.tls === 'starttls' && probe.starttls === null)
    return { field: 'starttls', message: 'expected the protocol whose STARTTLS it is, such as smtp' };
  const wrong = probe.steps.find((step) => 'send' in step && step.encoding === 'hex' && !isHex(step.send));
  return wrong ? { field: 'step', message: hexMessage } : null;
}

const hexMessage = 'expected pairs of hexadecimal digits such as 00ff';

/** Blanks and colons between digits are all right. */
function isHex(text: string): boolean {
  return /^(?:[0-9a-f]{2})*$/i.test(text.replace(/[\s:]+/g, ''));
}
