import { CircleAlert, Inbox, LoaderCircle, type LucideIcon, Unplug } from 'lucide-react';
import type { ReactNode } from 'react';

/** What a place shows instead of data. */
function Message(props: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  spin?: boolean;
  alert?: boolean;
}) {
  const Icon = props.icon;
  return (
    <div
      role={props.alert ? 'alert' : 'status'}
      className="flex h-full min-h-40 flex-col items-center justify-center gap-2 p-6 text-center"
    >
      <Icon className={`size-6 text-ink-3 ${props.spin ? 'animate-spin' : ''}`} aria-hidden />
      <p className="text-sm font-medium text-ink-2">{props.title}</p>
      {props.children && <div className="max-w-md text-xs text-ink-3">{props.children}</div>}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return <Message icon={LoaderCircle} spin title={`Loading ${what}`} />;
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Message icon={Inbox} title={title}>
      {children}
    </Message>
  );
}

export function Disconnected({ what }: { what: string }) {
  return (
    <Message icon={Unplug} title="Disconnected">
      No {what} yet: the server does not answer. Trying again by itself.
    </Message>
  );
}

/** A request that failed, with the server's own words and a way to try again. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const text = error instanceof Error ? error.message : String(error);
  return (
    <Message icon={CircleAlert} title="Unable to load" alert>
      <p className="mb-3">{text}</p>
      {retry && (
        <button type="button" className="control" onClick={retry}>
          Try again
        </button>
      )}
    </Message>
  );
}
