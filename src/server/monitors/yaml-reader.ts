import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
} from 'yaml';
import { type FieldProblem, NetmonError } from '../../base/errors.ts';

/** Deepest nesting; a monitor has five levels in its file. */
const maxDepth = 16;
/** Nodes of a file, some 30 for each of 10,000 monitors and more. */
const maxNodes = 1_000_000;
const maxProblems = 32;
/** Names with which a careless merge would change every object of the program. */
const poisonous = new Set(['__proto__', 'constructor', 'prototype']);

/** What a file holds, as JSON would have it, and where each part stands. */
export interface YamlContent {
  readonly value: unknown;
  /** The line (from 1) of what is at a path, or of the nearest that it is in. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** Where a text stands that is a piece of a file: lines before it, and items before its own in the list. */
export interface PlaceInFile {
  readonly line: number;
  readonly item: number;
}

/**
 * Reads one YAML document as plain data: no aliases, no tags, no keys but texts, none twice. Throws NM_VALIDATION that
 * names the lines.
 */
export function readYaml(text: string, place: PlaceInFile = { line: 0, item: 0 }): YamlContent {
  const counter = new LineCounter();
  const documents = parse(text, counter);
  const lineAt = (offset: number): number => counter.linePos(offset).line + place.line;
  const [document] = documents;
  if (documents.length > 1) throw problem([at(lineAt(documents[1].range[0]), 'expected one document')]);
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    throw problem(errors.map(({ pos, message }) => at(lineAt(pos[0]), message.split('\n', 1)[0])));
  }
  const places = new Map<string, number>();
  const reader = new Reader(lineAt, places, place.item);
  const value = reader.read(document.contents, []);
  if (reader.problems.length > 0) throw problem(reader.problems);
  return {
    value,
    lineOf: (path) => {
      for (let length = path.length; length >= 0; length--) {
        const line = places.get(writePath(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    },
  };
}

/** A path as fields of a problem are named: `monitors[3].probe.url`. */
export function writePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`,
    '',
  );
}

type Documents = Exclude<ReturnType<typeof parseAllDocuments<ParsedNode>>, { empty: true }>;

function parse(text: string, lineCounter: LineCounter): Documents {
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      // Compared one with the other they would take the square of their number.
      uniqueKeys: false,
      stringKeys: true,
      merge: false,
      schema: 'core',
      version: '1.2',
      resolveKnownTags: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    if (Array.isArray(documents) && documents.length > 0) return documents as Documents;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw problem([{ field: '', message: 'this nests too deep' }]);
  }
  throw problem([{ field: '', message: 'the document is empty' }]);
}

class Reader {
  readonly problems: FieldProblem[] = [];
  readonly #lineAt: (offset: number) => number;
  readonly #places: Map<string, number>;
  readonly #firstItem: number;
  #nodes = 0;

  constructor(lineAt: (offset: number) => number, places: Map<string, number>, firstItem: number) {
    this.#lineAt = lineAt;
    this.#places = places;
    this.#firstItem = firstItem;
  }

  read(node: Node | null | undefined, path: readonly PropertyKey[]): unknown {
    if (!node) return null;
    const start = node.range?.[0] ?? 0;
    this.#places.set(writePath(path), this.#lineAt(start));
    if (++this.#nodes > maxNodes || path.length > maxDepth)
      return this.#refuse(start, path, 'this is too much');
    if (isAlias(node)) return this.#refuse(start, path, 'aliases are not taken: write the value itself');
    const { tag, anchor } = node as { tag?: string; anchor?: string };
    if (anchor !== undefined) return this.#refuse(start, path, 'anchors are not taken');
    if (tag !== undefined && !tag.startsWith('tag:yaml.org,2002:'))
      return this.#refuse(start, path, `the tag ${tag.slice(0, 64)} is not taken`);
    if (isMap(node)) return this.#readMap(node.items as Pair<Node, Node | null>[], path);
    if (isSeq(node)) {
      const first = path.length === 1 ? this.#firstItem : 0;
      return node.items.map((item, i) => this.read(item as Node, [...path, first + i]));
    }
    if (!isScalar(node)) return this.#refuse(start, path, 'expected a value');
    return this.#readScalar(node.value, start, path);
  }

  #readScalar(value: unknown, start: number, path: readonly PropertyKey[]): unknown {
    const isPlain = value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
    if (!isPlain) return this.#refuse(start, path, 'expected text, a number, true, false or null');
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed()))
      return this.#refuse(start, path, 'expected text without NUL and without broken characters');
    return value;
  }

  #readMap(pairs: readonly Pair<Node, Node | null>[], path: readonly PropertyKey[]): unknown {
    const entries = new Map<string, unknown>();
    for (const { key, value } of pairs) {
      const start = key?.range?.[0] ?? 0;
      const name = isScalar(key) ? String(key.value) : '';
      if (poisonous.has(name)) this.#refuse(start, path, `there is no field ${name}`);
      else if (entries.has(name)) this.#refuse(start, path, `${name.slice(0, 64)} is there twice`);
      else entries.set(name, this.read(value, [...path, name]));
    }
    return Object.fromEntries(entries);
  }

  #refuse(start: number, path: readonly PropertyKey[], message: string): null {
    if (this.problems.length < maxProblems) {
      this.problems.push({
        field: writePath(path),
        message: `line ${this.#lineAt(start)}: ${message}`,
      });
    }
    return null;
  }
}

function at(line: number, message: string): FieldProblem {
  return { field: '', message: `line ${line}: ${message}` };
}

/** NM_VALIDATION of these problems. */
export function problem(problems: readonly FieldProblem[]): NetmonError {
  const fields = problems.slice(0, maxProblems);
  const text = fields
    .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
    .join('; ');
  return new NetmonError('NM_VALIDATION', text.slice(0, 2000), { fields });
}
