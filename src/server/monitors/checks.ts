import { type FieldProblem, NetmonError } from '../../base/errors.ts';
import { parseAssertion } from '../../rules/assertions/assertions.ts';
import type { Assertion, MonitorSettings } from '../../wire/monitor.ts';
import type { Probe } from '../../wire/probe.ts';

/** Throws NM_VALIDATION for what the schema of a monitor cannot tell: assertions, and fields that need each other. */
export function checkSettings({
  probe,
  assertions,
  maintenance,
}: Pick<MonitorSettings, 'probe' | 'assertions' | 'maintenance'>): void {
  const problems = findProblems(probe, assertions);
  for (const [i, window] of maintenance.entries()) {
    if (!('from' in window) || Date.parse(window.from) < Date.parse(window.to)) continue;
    problems.push({ field: `maintenance[${i}].to`, message: 'expected a time after its beginning' });
  }
  refuse(problems);
}

/** The same of a probe that is tried. */
export function checkProbe(probe: Probe, assertions: readonly Assertion[]): void {
  refuse(findProblems(probe, assertions));
}

function findProblems(probe: Probe, assertions: readonly Assertion[]): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const [i, { test }] of assertions.entries()) {
    const message = explainAssertion(test, probe);
    if (message !== null) problems.push({ field: `assertions[${i}].test`, message });
  }
  if (probe.kind === 'tcp' && probe.tls === 'starttls' && probe.starttls === null) {
    problems.push({ field: 'probe.starttls', message: 'expected the protocol whose STARTTLS it is' });
  }
  return problems;
}

function explainAssertion(test: string, { kind }: Probe): string | null {
  try {
    parseAssertion(test, kind);
    return null;
  } catch (thrown) {
    if (thrown instanceof NetmonError) return thrown.message;
    throw thrown;
  }
}

function refuse(fields: readonly FieldProblem[]): void {
  if (fields.length === 0) return;
  const text = fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new NetmonError('NM_VALIDATION', text.slice(0, 2000), { fields });
}
