/** An instruction of classic BPF, as the kernel and libpcap have it (struct bpf_insn). */
export interface BpfInstruction {
  readonly code: number;
  /** Instructions to skip where a jump's condition holds, and where it does not. */
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Fields of a code, from the low end: class, size or operation or condition, mode or source (linux/bpf_common.h). */
const classes = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, ret: 6, misc: 7 } as const;
const sizes = { word: 0x00, half: 0x08, byte: 0x10 } as const;
const modes = { imm: 0x00, abs: 0x20, ind: 0x40, mem: 0x60, len: 0x80, headerLength: 0xa0 } as const;
/** Words of memory a program has (BPF_MEMWORDS), and instructions it may be of (BPF_MAXINSNS). */
const memoryWords = 16;
const maxInstructions = 4096;
const fromX = 0x08;

/**
 * Runs a packet filter over bytes in memory. A program ends after as many steps as it has instructions at most, since it
 * only jumps forward, and a load from outside of what was captured ends it without a match.
 */
export class PacketFilter {
  readonly #codes: Uint16Array;
  readonly #ifTrue: Uint8Array;
  readonly #ifFalse: Uint8Array;
  readonly #values: Uint32Array;
  readonly #memory = new Uint32Array(memoryWords);

  /** Throws RangeError for what is no sound program; `compile` of libpcap yields none such. */
  constructor(program: readonly BpfInstruction[]) {
    const fault = findFault(program);
    if (fault !== null) throw new RangeError(fault);
    this.#codes = Uint16Array.from(program, ({ code }) => code);
    this.#ifTrue = Uint8Array.from(program, ({ jt }) => jt);
    this.#ifFalse = Uint8Array.from(program, ({ jf }) => jf);
    this.#values = Uint32Array.from(program, ({ k }) => k >>> 0);
  }

  /** Whether a packet of `length` bytes, of which those from `start` to `end` were captured, passes. */
  matches(bytes: Uint8Array, start: number, end: number, length: number): boolean {
    const memory = this.#memory;
    let a = 0;
    let x = 0;
    for (let at = 0; ; at++) {
      const code = this.#codes[at];
      const k = this.#values[at];
      switch (code & 7) {
        case classes.ld:
        case classes.ldx: {
          const value = load(code, k, x, bytes, start, end, length, memory);
          if (value < 0) return false;
          if ((code & 7) === classes.ld) a = value;
          else x = value;
          break;
        }
        case classes.st:
          memory[k] = a;
          break;
        case classes.stx:
          memory[k] = x;
          break;
        case classes.alu: {
          const operand = code & fromX ? x : k;
          if (operand === 0 && isDivision(code)) return false;
          a = calculate(code & 0xf0, a, operand);
          break;
        }
        case classes.jmp:
          if ((code & 0xf0) === 0) at += k;
          else at += holds(code & 0xf0, a, code & fromX ? x : k) ? this.#ifTrue[at] : this.#ifFalse[at];
          break;
        case classes.ret:
          return ((code & 0x18) === 0x10 ? a : k) !== 0;
        default:
          if (code & 0x80) a = x;
          else x = a;
      }
    }
  }
}

/** The value that is loaded; -1 for one outside of the packet. */
function load(
  code: number,
  k: number,
  x: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  length: number,
  memory: Uint32Array,
): number {
  switch (code & 0xe0) {
    case modes.imm:
      return k;
    case modes.mem:
      return memory[k];
    case modes.len:
      return length;
    case modes.abs:
      return loadBytes(code & 0x18, bytes, start + k, end);
    case modes.ind:
      return loadBytes(code & 0x18, bytes, start + ((x + k) >>> 0), end);
    default: {
      const byte = loadBytes(sizes.byte, bytes, start + k, end);
      return byte < 0 ? byte : (byte & 15) * 4;
    }
  }
}

function loadBytes(size: number, bytes: Uint8Array, at: number, end: number): number {
  if (size === sizes.byte) return at < end ? bytes[at] : -1;
  if (size === sizes.half) return at + 1 < end ? (bytes[at] << 8) | bytes[at + 1] : -1;
  if (at + 3 >= end) return -1;
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

const isDivision = (code: number): boolean => (code & 0xf0) === 0x30 || (code & 0xf0) === 0x90;

function calculate(operation: number, a: number, operand: number): number {
  switch (operation) {
    case 0x00:
      return (a + operand) >>> 0;
    case 0x10:
      return (a - operand) >>> 0;
    case 0x20:
      return Math.imul(a, operand) >>> 0;
    case 0x30:
      return Math.floor(a / operand);
    case 0x40:
      return (a | operand) >>> 0;
    case 0x50:
      return (a & operand) >>> 0;
    case 0x60:
      return operand < 32 ? (a << operand) >>> 0 : 0;
    case 0x70:
      return operand < 32 ? a >>> operand : 0;
    case 0x80:
      return -a >>> 0;
    case 0x90:
      return a % operand;
    default:
      return (a ^ operand) >>> 0;
  }
}

function holds(condition: number, a: number, operand: number): boolean {
  switch (condition) {
    case 0x10:
      return a === operand;
    case 0x20:
      return a > operand;
    case 0x30:
      return a >= operand;
    default:
      return (a & operand) !== 0;
  }
}

/** What is wrong with a program; null when it can run on any packet. */
function findFault(program: readonly BpfInstruction[]): string | null {
  if (program.length === 0 || program.length > maxInstructions) return `${program.length} instructions`;
  if ((program.at(-1)!.code & 7) !== classes.ret) return 'the last instruction is no return';
  for (const [at, { code, jt, jf, k }] of program.entries()) {
    const left = program.length - at - 1;
    if (!isKnown(code)) return `instruction ${at} has the unknown code ${code}`;
    const usesMemory = (code & 7) === classes.st || (code & 7) === classes.stx || isMemoryLoad(code);
    if (usesMemory && k >>> 0 >= memoryWords) return `instruction ${at} uses memory that there is not`;
    if ((code & 7) !== classes.jmp) continue;
    if ((code & 0xf0) === 0 ? k >>> 0 >= left : jt >= left || jf >= left)
      return `instruction ${at} jumps past the end`;
  }
  return null;
}

const isMemoryLoad = (code: number): boolean => (code & 7) <= classes.ldx && (code & 0xe0) === modes.mem;

function isKnown(code: number): boolean {
  switch (code & 7) {
    case classes.ld:
      return (code & 0xe0) <= modes.len && (code & 0x18) !== 0x18;
    case classes.ldx:
      return [modes.imm, modes.mem, modes.len, modes.headerLength].some((mode) => mode === (code & 0xe0));
    case classes.alu:
      return (code & 0xf0) <= 0xa0;
    case classes.jmp:
      return (code & 0xf0) <= 0x40;
    default:
      return code <= 0xff;
  }
}
