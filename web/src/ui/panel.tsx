import type { ReactNode } from 'react';

/** A titled part of a page. */
export function Panel(props: {
  title: string;
  /** Said beside the title. */
  note?: ReactNode;
  /** At the right of the title. */
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section
      aria-label={props.title}
      className={`panel flex min-w-0 flex-col overflow-hidden ${props.className ?? ''}`}
    >
      <div className="flex flex-wrap items-center gap-2 px-3.5 pt-2.5 pb-1.5">
        <h2 className="heading mr-auto">
          {props.title} {props.note && <span className="font-normal text-ink-3">{props.note}</span>}
        </h2>
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}
