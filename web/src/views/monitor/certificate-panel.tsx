import { useQuery } from '@tanstack/react-query';
import { monitorRest } from '../../lib/rest.ts';
import { Panel } from '../../ui/panel.tsx';
import { CertificateFacts } from './certificate-facts.tsx';

const refreshMs = 30_000;

/** The certificate that the target showed last; not there where none was. The live list of monitors is without it. */
export function CertificatePanel({ id }: { id: string }) {
  const monitor = useQuery({
    queryKey: ['monitor', id],
    queryFn: ({ signal }) => monitorRest.read(id, {}, signal),
    refetchInterval: refreshMs,
  });
  const certificate = monitor.data?.status.agents
    .map(({ last }) => last?.detail.certificate)
    .find((one) => one !== undefined);
  if (!certificate) return null;
  return (
    <Panel title="Certificate">
      <div className="px-3.5 pb-3">
        <CertificateFacts certificate={certificate} />
      </div>
    </Panel>
  );
}
