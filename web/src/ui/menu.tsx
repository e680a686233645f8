import { Popover } from 'radix-ui';
import type { ReactNode } from 'react';

/** A button that opens a small panel; Escape and a click outside close it. */
export function Menu(props: {
  label: ReactNode;
  title: string;
  children: ReactNode;
  on?: boolean;
  className?: string;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}) {
  return (
    <Popover.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Popover.Trigger className="control min-w-0" aria-label={props.title} data-on={props.on}>
        {props.label}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label={props.title}
          data-modal
          className={`z-40 max-h-(--radix-popover-content-available-height) overflow-auto rounded-lg border border-line-strong bg-panel p-3 shadow-2xl outline-none ${props.className ?? ''}`}
        >
          {props.children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
