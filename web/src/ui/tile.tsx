import type { LucideIcon } from 'lucide-react';
import { memo, type ReactNode } from 'react';

/** One large number with its name, readable from afar. */
export const Tile = memo(function Tile(props: {
  icon: LucideIcon;
  label: string;
  value: string;
  note?: ReactNode;
  /** A CSS colour for icon and number. */
  color?: string;
}) {
  const Icon = props.icon;
  const [number, unit] = splitUnit(props.value);
  return (
    <div className="panel flex min-w-0 flex-col justify-between gap-1 px-3.5 py-2.5">
      <div className="flex items-center gap-1.5 text-xs text-ink-3">
        <Icon className="size-3.5 shrink-0" style={{ color: props.color }} aria-hidden />
        <span className="truncate">{props.label}</span>
      </div>
      <div
        className="truncate text-[2rem] leading-none font-semibold tracking-tight"
        style={{ color: props.color }}
      >
        {number}
        {unit && <span className="ml-1.5 text-base font-medium tracking-normal">{unit}</span>}
      </div>
      <div className="truncate text-xs text-ink-3">{props.note}</div>
    </div>
  );
});

function splitUnit(value: string): readonly [string, string] {
  const space = value.indexOf(' ');
  return space < 0 ? [value, ''] : [value.slice(0, space), value.slice(space + 1)];
}
