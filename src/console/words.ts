import { NetmonError } from '../base/errors.ts';

/** A command line in its words; quotes and backslashes work as in a shell. Throws NM_BAD_FLAG for an open quote. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let i = 0; i < line.length; i++) {
    const char = line[i];
    if (quote === null && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === null && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (char === quote) quote = null;
    else if (char === '\\' && quote !== "'" && /["'\\\s]/.test(line[i + 1] ?? ''))
      word = (word ?? '') + line[++i];
    else word = (word ?? '') + char;
  }
  if (quote !== null) throw new NetmonError('NM_BAD_FLAG', `a quotation ${quote} has no end`);
  if (word !== null) words.push(word);
  return words;
}

/** Words of a command: those without a flag, and what flags were given; a flag without a value is `yes`. */
export interface Parsed {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, readonly string[]>>;
}

/** Takes `--name value`, `--name=value`, `--name` and `--no-name` apart from the rest; `switches` need no value. */
export function parseFlags(all: readonly string[], isSwitch: (name: string) => boolean): Parsed {
  const words: string[] = [];
  const flags: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  const put = (name: string, value: string): void => {
    flags[name] = [...(flags[name] ?? []), value];
  };
  for (let i = 0; i < all.length; i++) {
    const match = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(all[i]);
    if (!match) words.push(all[i]);
    else if (match[2] !== undefined) put(match[1], match[2]);
    else if (match[1].startsWith('no-') && isSwitch(match[1].slice(3))) put(match[1].slice(3), 'no');
    else if (!isSwitch(match[1])) {
      if (i + 1 >= all.length) throw new NetmonError('NM_BAD_FLAG', `--${match[1]} needs a value`);
      put(match[1], all[++i]);
    } else if (/^(?:yes|no)$/.test(all[i + 1] ?? '')) put(match[1], all[++i]);
    else put(match[1], 'yes');
  }
  return { words, flags };
}
