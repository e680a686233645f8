/**
 * Strings from the network, a process name or a command line are hostile: characters that move the cursor, reorder or
 * hide text are replaced by a visible escape, and the length is cut.
 */

/** Longest text shown in one place; the rest is cut with an ellipsis. */
export const maxVisible = 512;

/**
 * C0 and C1 controls, zero-width and bidirectional formatting, line separators, fillers, variation selectors and tags
 * (Unicode general category Cf and what renders as nothing), and lone surrogates.
 */
const invisible = new RegExp(
  `[${[
    String.raw`\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e`,
    String.raw`\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb`,
    String.raw`\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f`,
    String.raw`\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}`,
    String.raw`\p{Surrogate}`,
  ].join('')}]`,
  'u',
);
const everyInvisible = new RegExp(invisible.source, 'gu');

/** A stretch of text, shown as it is or, when `escaped`, standing for a character that is not. */
export interface TextPart {
  readonly text: string;
  readonly escaped: boolean;
}

function escapeOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}

/** Cuts to `max` UTF-16 units without splitting a pair. */
function clip(value: string, max: number): string {
  if (value.length <= max) return value;
  const end = /[\ud800-\udbff]/.test(value[max - 1]) ? max - 1 : max;
  return `${value.slice(0, end)}…`;
}

/** The text with every invisible or reordering character as an escape, for titles, labels and the clipboard. */
export function makeVisible(value: string, max = maxVisible): string {
  const cut = clip(value, max);
  return invisible.test(cut) ? cut.replace(everyInvisible, escapeOf) : cut;
}

/** As makeVisible, in parts, so that an escape can be told from text that looks like one. */
export function splitVisible(value: string, max = maxVisible): readonly TextPart[] {
  const cut = clip(value, max);
  if (!invisible.test(cut)) return [{ text: cut, escaped: false }];
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of cut.matchAll(everyInvisible)) {
    if (match.index > from) parts.push({ text: cut.slice(from, match.index), escaped: false });
    parts.push({ text: escapeOf(match[0]), escaped: true });
    from = match.index + match[0].length;
  }
  if (from < cut.length) parts.push({ text: cut.slice(from), escaped: false });
  return parts;
}
