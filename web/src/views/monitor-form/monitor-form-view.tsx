import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { monitorRest } from '../../lib/rest.ts';
import { Failed, Loading } from '../../ui/message.tsx';
import { MonitorForm } from './monitor-form.tsx';

/** The form as a page: for a new monitor, or for the one in the address. */
export default function MonitorFormView() {
  const { id } = useParams();
  return (
    <main className="min-h-0 min-w-0 flex-1 overflow-y-auto p-2.5 md:p-3">
      {id === undefined ? <MonitorForm monitor={null} /> : <Existing id={id} />}
    </main>
  );
}

function Existing({ id }: { id: string }) {
  const read = useQuery({
    queryKey: ['monitor-form', id],
    queryFn: ({ signal }) => monitorRest.read(id, {}, signal),
    // What is being typed must not be replaced, and what is opened again must be as it is now.
    refetchOnReconnect: false,
    staleTime: 0,
    gcTime: 0,
  });
  if (read.isError) return <Failed error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Loading what="the monitor" />;
  return <MonitorForm monitor={read.data} />;
}
