/**
 * Holds every import of `src/` and `web/` against the tables of ARCHITECTURE.md: which layer may import which, and
 * which npm package is confined to which layers. Type-only imports, re-exports, `import()` and `import('x').T` count;
 * so do cycles between files.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { findCycles } from './cycles.ts';

export interface LayerTable {
  /** Layer to the layers that it may import beside itself; `null` stands for all. */
  readonly layers: ReadonlyMap<string, ReadonlySet<string> | null>;
  /** npm package to the layers that may import it. */
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
}

/** One broken rule, with the file that breaks it. */
export interface LayerProblem {
  readonly file: string;
  readonly message: string;
}

/** Reads both tables out of ARCHITECTURE.md. Throws when either is missing, so that a reworded head cannot disarm it. */
export function readLayerTable(markdown: string): LayerTable {
  const layers = new Map<string, ReadonlySet<string> | null>();
  for (const [names, allowed] of tableRows(markdown, '| row may import')) {
    for (const name of splitList(names)) {
      if (allowed.startsWith('everything')) layers.set(name, null);
      else layers.set(name, new Set(allowed === 'nothing' ? [] : splitList(allowed)));
    }
  }
  const packages = new Map<string, ReadonlySet<string>>();
  for (const [names, allowed] of tableRows(markdown, '| package'))
    for (const name of splitList(names)) packages.set(name, new Set(splitList(allowed)));
  return { layers, packages };
}

/** Checks all sources below `root`, whose ARCHITECTURE.md holds the tables. */
export function checkLayers(root: string): LayerProblem[] {
  const table = readLayerTable(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));
  const problems: LayerProblem[] = [];
  const graph = new Map<string, string[]>();
  for (const file of listSources(root)) {
    const imports = readImports(file, readFileSync(join(root, file), 'utf8'));
    const targets: string[] = [];
    for (const specifier of imports) {
      const message = specifier.startsWith('.')
        ? checkRelative(root, table, file, specifier, targets)
        : checkPackage(table, file, specifier);
      if (message) problems.push({ file, message });
    }
    graph.set(file, targets);
  }
  for (const cycle of findCycles(graph))
    problems.push({ file: cycle[0], message: `import cycle: ${[...cycle, cycle[0]].join(' -> ')}` });
  return problems;
}

/** Every specifier that a TypeScript file names, in any form of import. Throws on a file that does not parse. */
export function readImports(file: string, source: string): string[] {
  const { module, program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const found = new Set<string>();
  for (const entry of module.staticImports) found.add(entry.moduleRequest.value);
  for (const statement of module.staticExports)
    for (const entry of statement.entries) if (entry.moduleRequest) found.add(entry.moduleRequest.value);
  for (const { moduleRequest } of module.dynamicImports) {
    const text = source.slice(moduleRequest.start, moduleRequest.end);
    const literal = /^(['"`])([^$]*)\1$/.exec(text);
    if (literal) found.add(literal[2]);
  }
  new Visitor({
    TSImportType(node) {
      found.add(node.source.value);
    },
  }).visit(program);
  return [...found];
}

function checkRelative(
  root: string,
  table: LayerTable,
  file: string,
  specifier: string,
  targets: string[],
): string | null {
  const target = normalize(join(dirname(file), specifier.replace(/\?.*$/, '')));
  if (target.startsWith('..')) return `imports ${specifier}, outside the repository`;
  if (!existsSync(join(root, target))) return `imports ${specifier}, which does not exist`;
  if (!/\.tsx?$/.test(target)) return null;
  targets.push(target);
  const from = layerOf(file);
  const to = layerOf(target);
  if (from === to) return null;
  if (to === null) return isTest(file) ? null : `imports ${target}, which belongs to no layer`;
  if (from === null) return null;
  if (to === 'cmd') return `imports ${target}: nothing imports cmd`;
  if (isTest(file)) return null;
  if (!table.layers.has(from)) return `layer "${from}" has no row in ARCHITECTURE.md`;
  const allowed = table.layers.get(from);
  if (allowed && !allowed.has(to)) return `layer "${from}" may not import "${to}" (${target})`;
  return null;
}

function checkPackage(table: LayerTable, file: string, specifier: string): string | null {
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  const allowed = table.packages.get(name);
  const layer = layerOf(file);
  if (!allowed || layer === null || allowed.has(layer)) return null;
  return `package "${name}" is confined to ${[...allowed].join(', ')}, not "${layer}"`;
}

/** The layer of a repository path: a folder of `src/`, or `web`; null for tools, tests and benchmarks. */
function layerOf(path: string): string | null {
  const [top, next] = path.split('/');
  if (top === 'web') return 'web';
  return top === 'src' ? next : null;
}

function isTest(path: string): boolean {
  return /\.(test|fixture)\.tsx?$/.test(path);
}

function listSources(root: string): string[] {
  const skipped = new Set(['node_modules', 'dist']);
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (skipped.has(entry.name)) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return walk(path);
      return /\.tsx?$/.test(entry.name) ? [relative(root, path)] : [];
    });
  return ['src', 'web'].flatMap((top) => (existsSync(join(root, top)) ? walk(join(root, top)) : [])).sort();
}

function tableRows(markdown: string, head: string): [string, string][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(head));
  if (start < 0) throw new Error(`ARCHITECTURE.md holds no table that begins with "${head}"`);
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  return lines.slice(start + 2, end < 0 ? undefined : end).map((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    return [cells[1], cells[2]];
  });
}

function splitList(text: string): string[] {
  return text.replaceAll('`', '').split(/,\s*/);
}
