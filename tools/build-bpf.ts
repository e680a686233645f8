/**
 * Compiles bpf/*.bpf.c into the committed objects and generates the layouts of the shared structs from those objects'
 * own BTF. With `--check` it compares instead of writing and exits 1 when the committed files are not current.
 * Needs clang, llvm-strip, libbpf's headers and bpftool (Debian: clang llvm libbpf-dev bpftool).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

interface BpfSource {
  /** bpf/NAME.bpf.c and bpf/NAME.bpf.o. */
  readonly name: string;
  readonly layoutPath: string;
  /** Structs whose layout the agent needs, and the name of each one's constant. */
  readonly structs: Readonly<Record<string, string>>;
}

const sources: readonly BpfSource[] = [
  {
    name: 'netmon',
    layoutPath: 'src/agent/sockets/layout.generated.ts',
    structs: {
      slot: 'slotLayout',
      shared: 'sharedLayout',
      exec_event: 'execEventLayout',
      exit_event: 'exitEventLayout',
    },
  },
  {
    name: 'inspect',
    layoutPath: 'src/agent/capture/layout.generated.ts',
    structs: { packet_event: 'packetEventLayout', inspect_counters: 'inspectCountersLayout' },
  },
];

interface BtfType {
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly members?: readonly { readonly name: string; readonly bits_offset: number }[];
}

function compile(name: string, output: string): void {
  // The compiler's own path would go into the debug information, which makes the object differ between folders.
  const prefix = `-ffile-prefix-map=${root}=.`;
  const flags = ['-g', '-O2', '-target', 'bpf', '-mcpu=v3', '-Wall', '-Werror', prefix];
  execFileSync('clang', [...flags, '-c', `bpf/${name}.bpf.c`, '-o', output], { cwd: root, stdio: 'inherit' });
  execFileSync('llvm-strip', ['-g', output]);
}

function describeLayouts({ name, structs }: BpfSource, object: string): string {
  const dump = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', object], { maxBuffer: 64 << 20 });
  const { types } = JSON.parse(dump.toString()) as { types: readonly BtfType[] };
  const parts = Object.entries(structs).map(([struct, constant]) => {
    const type = types.find((candidate) => candidate.kind === 'STRUCT' && candidate.name === struct);
    if (!type?.members) throw new Error(`the object's BTF has no struct ${struct}`);
    const members = type.members.map((member) => `  ${member.name}: ${member.bits_offset / 8},\n`).join('');
    const comment = `/** Byte offsets in \`struct ${struct}\`; \`bytes\` is its size. */`;
    return `${comment}\nexport const ${constant} = {\n${members}  bytes: ${type.size},\n} as const;\n`;
  });
  const header = `// Generated from the BTF of bpf/${name}.bpf.o by \`npm run build:bpf\`; \`npm run check\` compares.`;
  return `${header}\n\n${parts.join('\n')}`;
}

/** Builds one source; the paths of committed files that differ from what it gives. */
function build(source: BpfSource, directory: string, check: boolean): string[] {
  const built = join(directory, `${source.name}.bpf.o`);
  compile(source.name, built);
  const files: readonly (readonly [string, Buffer])[] = [
    [join(root, `bpf/${source.name}.bpf.o`), readFileSync(built)],
    [join(root, source.layoutPath), Buffer.from(describeLayouts(source, built))],
  ];
  if (check) return files.filter(([path, bytes]) => !bytes.equals(readFileSync(path))).map(([path]) => path);
  for (const [path, bytes] of files) writeFileSync(path, bytes);
  return [];
}

const directory = mkdtempSync(join(tmpdir(), 'netmon-bpf-'));
try {
  const check = process.argv.includes('--check');
  const stale = sources.flatMap((source) => build(source, directory, check));
  for (const path of stale) console.error(`${path} is not what its source gives: run npm run build:bpf`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true });
}
