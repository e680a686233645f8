/**
 * Compiles bpf/netmon.bpf.c into the committed object and generates the layout of the shared structs from that object's
 * own BTF. With `--check` it compares instead of writing and exits 1 when the committed files are not current.
 * Needs clang, llvm-strip, libbpf's headers and bpftool (Debian: clang llvm libbpf-dev bpftool).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const objectPath = join(root, 'bpf/netmon.bpf.o');
const layoutPath = join(root, 'src/agent/sockets/layout.generated.ts');
/** Structs whose layout the agent needs, and the name of each one's constant. */
const structs = {
  slot: 'slotLayout',
  shared: 'sharedLayout',
  exec_event: 'execEventLayout',
  exit_event: 'exitEventLayout',
} as const;

interface BtfType {
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly members?: readonly { readonly name: string; readonly bits_offset: number }[];
}

function compile(output: string): void {
  // The compiler's own path would go into the debug information, which makes the object differ between folders.
  const prefix = `-ffile-prefix-map=${root}=.`;
  const flags = ['-g', '-O2', '-target', 'bpf', '-mcpu=v3', '-Wall', '-Werror', prefix];
  execFileSync('clang', [...flags, '-c', 'bpf/netmon.bpf.c', '-o', output], { cwd: root, stdio: 'inherit' });
  execFileSync('llvm-strip', ['-g', output]);
}

function describeLayouts(object: string): string {
  const dump = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', object], { maxBuffer: 64 << 20 });
  const { types } = JSON.parse(dump.toString()) as { types: readonly BtfType[] };
  const parts = Object.entries(structs).map(([struct, constant]) => {
    const type = types.find((candidate) => candidate.kind === 'STRUCT' && candidate.name === struct);
    if (!type?.members) throw new Error(`the object's BTF has no struct ${struct}`);
    const members = type.members.map((member) => `  ${member.name}: ${member.bits_offset / 8},\n`).join('');
    const comment = `/** Byte offsets in \`struct ${struct}\`; \`bytes\` is its size. */`;
    return `${comment}\nexport const ${constant} = {\n${members}  bytes: ${type.size},\n} as const;\n`;
  });
  const header =
    '// Generated from the BTF of bpf/netmon.bpf.o by `npm run build:bpf`; `npm run check` compares.';
  return `${header}\n\n${parts.join('\n')}`;
}

const directory = mkdtempSync(join(tmpdir(), 'netmon-bpf-'));
try {
  const built = join(directory, 'netmon.bpf.o');
  compile(built);
  const object = readFileSync(built);
  const layout = describeLayouts(built);
  if (process.argv.includes('--check')) {
    const stale = [
      ...(object.equals(readFileSync(objectPath)) ? [] : [objectPath]),
      ...(layout === readFileSync(layoutPath, 'utf8') ? [] : [layoutPath]),
    ];
    for (const path of stale) console.error(`${path} is not what its source gives: run npm run build:bpf`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    writeFileSync(objectPath, object);
    writeFileSync(layoutPath, layout);
  }
} finally {
  rmSync(directory, { recursive: true });
}
