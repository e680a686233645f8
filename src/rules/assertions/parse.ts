/**
 * The grammar of assertions, read by hand from left to right so that an error names its column:
 *
 *   assertion  = operand operator operand | "has(" placeholder ")"
 *   operand    = placeholder | "len(" placeholder ")" | "has(" placeholder ")" | "any(" value *("," value) ")" | value
 *   value      = "pat(" pattern ")" | text in quotes | bare text
 *   placeholder = "[" NAME "]" *( "." key | "[" index "]" | "[" key in quotes "]" )
 */
import { NetmonError } from '../../base/errors.ts';
import { readAmount, readNumber } from './literal.ts';

export const operators = ['==', '!=', '<=', '>=', '<', '>'] as const;
export type Operator = (typeof operators)[number];

export interface Reference {
  readonly kind: 'fact';
  readonly name: string;
  /** Keys and indices, from the root. */
  readonly path: readonly (string | number)[];
  /** As it was written. */
  readonly text: string;
  readonly column: number;
}
export interface Literal {
  readonly kind: 'literal';
  readonly text: string;
  readonly quoted: boolean;
  /** What the text is as an amount, and as a plain number; NaN for none. */
  readonly amount: number;
  readonly number: number;
  readonly column: number;
}
export interface Pattern {
  readonly kind: 'pattern';
  readonly pattern: string;
  readonly column: number;
}
export type Value = Literal | Pattern;
export type Operand =
  | Reference
  | Value
  | { readonly kind: 'len' | 'has'; readonly of: Reference; readonly column: number }
  | { readonly kind: 'any'; readonly values: readonly Value[]; readonly column: number };

export interface Comparison {
  readonly left: Operand;
  readonly operator: Operator;
  readonly right: Operand;
}

/** Keys and indices that a path has at most, and values that `any` has. */
const maxSteps = 32;
const maxValues = 64;
/** What a bare text cannot hold, since it would hide a mistake such as two comparisons in one. */
const notBare = /[[\]()"'<>]|==|!=|&&|\|\|/;

/** Takes an assertion apart. Throws NM_VALIDATION with the column and what was expected there. */
export function parseComparison(text: string): Comparison {
  return new Parser(text).read();
}

/** An error at a place of an assertion, counted from 1. */
export function wrongAt(column: number, message: string): NetmonError {
  return new NetmonError('NM_VALIDATION', `column ${column}: ${message}`);
}

function makeLiteral(text: string, quoted: boolean, column: number): Literal {
  return { kind: 'literal', text, quoted, amount: readAmount(text), number: readNumber(text), column };
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Comparison {
    const left = this.#operand('left');
    this.#space();
    if (this.#at === this.#text.length && left.kind === 'has') {
      return { left, operator: '==', right: makeLiteral('true', false, left.column) };
    }
    const operator = operators.find((each) => this.#text.startsWith(each, this.#at));
    if (!operator) throw this.#wrong(`expected one of ${operators.join(' ')}`);
    this.#at += operator.length;
    const right = this.#operand('right');
    this.#space();
    if (this.#at < this.#text.length) {
      throw this.#wrong('expected the end; one assertion is one comparison, and other texts stand in quotes');
    }
    return { left, operator, right };
  }

  #operand(side: 'left' | 'right'): Operand {
    this.#space();
    const column = this.#at + 1;
    if (this.#text[this.#at] === '[') return this.#reference();
    const name = /^(len|has|any)\(/.exec(this.#text.slice(this.#at, this.#at + 4))?.[1];
    if (name === undefined) return this.#value(side === 'left' ? /[=!<>]/ : null);
    this.#at += 4;
    if (name === 'any') return { kind: 'any', values: this.#values(), column };
    this.#space();
    const of = this.#reference();
    this.#close();
    return { kind: name as 'len' | 'has', of, column };
  }

  #values(): Value[] {
    const values: Value[] = [];
    do {
      if (values.length === maxValues) throw this.#wrong(`expected at most ${maxValues} values`);
      this.#space();
      values.push(this.#value(/[,)]/));
      this.#space();
    } while (this.#take(','));
    this.#close();
    return values;
  }

  /** `stop` ends a bare text; null for the end of the assertion. */
  #value(stop: RegExp | null): Value {
    const column = this.#at + 1;
    if (this.#take('pat(')) return { kind: 'pattern', pattern: this.#pattern(), column };
    const quoted = this.#quoted();
    if (quoted !== null) return makeLiteral(quoted, true, column);
    const rest = this.#text.slice(this.#at);
    const length = stop ? rest.search(stop) : rest.length;
    const bare = (length < 0 ? rest : rest.slice(0, length)).trim();
    if (bare === '') throw this.#wrong('expected a placeholder such as [STATUS], or a value');
    const odd = bare.search(notBare);
    if (odd >= 0) {
      this.#at += odd;
      throw this.#wrong('expected the end, or the whole text in quotes');
    }
    this.#at += bare.length;
    return makeLiteral(bare, false, column);
  }

  /** In quotes, or as it stands up to the parenthesis that closes. */
  #pattern(): string {
    const quoted = this.#quoted();
    if (quoted !== null) {
      this.#close();
      return quoted;
    }
    let depth = 1;
    for (let i = this.#at; i < this.#text.length; i++) {
      if (this.#text[i] === '(') depth++;
      if (this.#text[i] === ')' && --depth === 0) {
        const pattern = this.#text.slice(this.#at, i);
        this.#at = i + 1;
        return pattern;
      }
    }
    throw this.#wrong('expected a pattern with a closing parenthesis');
  }

  #reference(): Reference {
    const start = this.#at;
    const name = /^\[([A-Z][A-Z0-9_]{0,31})\]/.exec(this.#text.slice(start, start + 34))?.[1];
    if (name === undefined) throw this.#wrong('expected a placeholder in capitals such as [STATUS]');
    this.#at += name.length + 2;
    const path: (string | number)[] = [];
    for (let step = this.#step(); step !== null; step = this.#step()) {
      if (path.length === maxSteps) throw this.#wrong(`expected a path of at most ${maxSteps} steps`);
      path.push(step);
    }
    return { kind: 'fact', name, path, text: this.#text.slice(start, this.#at), column: start + 1 };
  }

  #step(): string | number | null {
    if (this.#take('.')) {
      const key = this.#quoted() ?? this.#run(/^[^\s.[\](),"'=!<>]+/);
      if (key === '') throw this.#wrong('expected a key');
      return key;
    }
    if (!this.#take('[')) return null;
    const quoted = this.#quoted();
    const key = quoted ?? this.#run(/^\d{1,7}/);
    if (key === '' || !this.#take(']'))
      throw this.#wrong('expected an index such as [0], or a key in quotes');
    return quoted === null ? Number(key) : key;
  }

  /** A text in single or double quotes, a backslash before what stands for itself; null when there is none. */
  #quoted(): string | null {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") return null;
    let text = '';
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      if (this.#text[i] === quote) {
        this.#at = i + 1;
        return text;
      }
      if (this.#text[i] === '\\') i++;
      text += this.#text[i] ?? '';
    }
    throw this.#wrong('expected a text that ends with the same quote');
  }

  #run(pattern: RegExp): string {
    const run = pattern.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += run.length;
    return run;
  }

  #take(text: string): boolean {
    const found = this.#text.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }

  #close(): void {
    this.#space();
    if (!this.#take(')')) throw this.#wrong('expected a closing parenthesis');
  }

  #space(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at++;
  }

  #wrong(message: string): NetmonError {
    return wrongAt(this.#at + 1, message);
  }
}
