import type { Detail } from '../../../../src/wire/probe.ts';
import { formatTime } from '../../lib/format.ts';
import { Text } from '../../ui/text.tsx';

/** A certificate as the server sent it. */
export function CertificateFacts({ certificate }: { certificate: NonNullable<Detail['certificate']> }) {
  const { subject, issuer, names, not_before, not_after, fingerprint, chain, problem } = certificate;
  const facts = [
    ['For', subject],
    ['Names', names.join(', ')],
    ['By', issuer],
    ['Good', `${formatTime(not_before, 0)} – ${formatTime(not_after, 0)}`],
    ['SHA-256', fingerprint],
    ['Chain', `${chain} ${chain === 1 ? 'certificate' : 'certificates'}`],
  ] as const;
  return (
    <dl aria-label="Certificate" className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1 text-xs">
      <dt className="text-ink-3">Certificate</dt>
      <dd className={problem === null ? 'text-green' : 'font-medium text-red'}>
        {problem === null ? 'verifies' : <Text value={problem} />}
      </dd>
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name}</dt>
          <dd className="min-w-0 text-ink-2 [overflow-wrap:anywhere]">
            <Text value={value} wrap max={1024} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
