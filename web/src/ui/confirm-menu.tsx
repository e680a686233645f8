import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Menu } from './menu.tsx';

/** A button for what cannot be undone: it asks first (`children`), and says what went wrong when it fails. */
export function ConfirmMenu({
  title,
  label,
  confirm,
  act,
  onDone,
  children,
}: {
  title: string;
  label: ReactNode;
  confirm: string;
  act: () => Promise<unknown>;
  onDone: () => void;
  children: ReactNode;
}) {
  const [asked, setAsked] = useState(false);
  const action = useMutation({
    mutationFn: act,
    onSuccess: () => {
      setAsked(false);
      onDone();
    },
  });
  return (
    <Menu title={title} open={asked} onOpenChange={setAsked} className="w-72" label={label}>
      <p className="mb-3 text-[0.8125rem] text-ink-2">{children}</p>
      {action.isError && (
        <p role="alert" className="mb-2 text-xs text-red">
          {action.error.message}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <button type="button" className="control" onClick={() => setAsked(false)}>
          Keep it
        </button>
        <button
          type="button"
          className="control !border-red !text-red"
          disabled={action.isPending}
          onClick={() => action.mutate()}
        >
          {confirm}
        </button>
      </div>
    </Menu>
  );
}
