import { memo } from 'react';

/** A trend as small bars, tall as its largest value. */
export const SparkBars = memo(function SparkBars({
  values,
  label,
}: {
  values: readonly number[];
  label: string;
}) {
  const max = Math.max(1, ...values);
  return (
    <svg
      viewBox={`0 0 ${values.length * 4} 20`}
      preserveAspectRatio="none"
      className="relative h-5 w-16 shrink-0 sm:w-24 text-red"
      role="img"
      aria-label={label}
    >
      {values.map((value, index) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a step of time has no other name
          key={index}
          x={index * 4}
          width={3}
          y={20 - Math.max(value > 0 ? 2 : 0.6, (value / max) * 20)}
          height={Math.max(value > 0 ? 2 : 0.6, (value / max) * 20)}
          fill="currentColor"
          opacity={value > 0 ? 0.85 : 0.25}
        />
      ))}
    </svg>
  );
});
