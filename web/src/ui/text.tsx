import { memo } from 'react';
import { makeVisible, splitVisible } from '../lib/visible-text.ts';

/** Hostile text: control and reordering characters as boxed escapes, cut at `max`, in one line unless `wrap`. */
export const Text = memo(function Text(props: {
  value: string | null | undefined;
  max?: number;
  wrap?: boolean;
  className?: string;
}) {
  const { value, max = 200, wrap = false, className = '' } = props;
  if (value === null || value === undefined || value === '') {
    return <span className={`text-ink-3 ${className}`}>–</span>;
  }
  const parts = splitVisible(value, max);
  return (
    <span
      className={`isolate-text ${wrap ? 'break-words [overflow-wrap:anywhere]' : 'truncate'} ${className}`}
      title={wrap ? undefined : makeVisible(value)}
    >
      {parts.length === 1 && !parts[0].escaped
        ? parts[0].text
        : parts.map((part, index) =>
            part.escaped ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one string have no other name
              <span key={index} className="escape">
                {part.text}
              </span>
            ) : (
              part.text
            ),
          )}
    </span>
  );
});
