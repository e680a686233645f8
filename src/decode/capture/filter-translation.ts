import type { BpfInstruction } from './packet-filter.ts';

/** Where a packet goes on that passes: the map of programs and the place in it. */
export interface FilterTarget {
  readonly mapFd: number;
  readonly index: number;
}

/** A number that is left for the program behind the filter, in the first place of an array with one for each CPU. */
export interface FilterMark {
  readonly mapFd: number;
  readonly value: number;
}

/** Registers: what calls clobber, those of classic BPF (A and X), the packet, and the end of the stack. */
const r = { zero: 0, one: 1, two: 2, three: 3, four: 4, packet: 6, a: 7, x: 8, stack: 10 } as const;
/** Offsets in the stack: what was loaded last, and below it the words of memory. */
const loaded = -8;
const memory = loaded - 64;
/** Codes of include/uapi/linux/bpf.h. */
const op = {
  move64: 0xbf,
  move32: 0xbc,
  set32: 0xb4,
  add32: 0x04,
  add64: 0x07,
  and32: 0x54,
  shiftLeft32: 0x64,
  toBigEndian: 0xdc,
  loadWord: 0x61,
  loadHalf: 0x69,
  loadByte: 0x71,
  storeWord: 0x63,
  setWord: 0x62,
  setDouble: 0x18,
  jump: 0x05,
  jumpIf64: 0x15,
  jumpIfNot64: 0x55,
  jumpIf32: 0x16,
  jumpIfAbove32: 0x26,
  negate32: 0x84,
  call: 0x85,
  exit: 0x95,
} as const;
const helpers = { lookup: 1, tailCall: 12, loadBytes: 26 } as const;
const pseudoMapFd = 1;
/** A jump is of 16 bits. */
const maxInstructions = 32_767;
/** TC_ACT_UNSPEC: go on as if this program were not there. */
const goOn = -1;
const loads = {
  0: { bytes: 4, code: op.loadWord },
  8: { bytes: 2, code: op.loadHalf },
  16: { bytes: 1, code: op.loadByte },
} as const;

interface Jump {
  readonly at: number;
  /** Number of a classic instruction; those behind the last are the ends. */
  readonly to: number;
}

/**
 * Translates a packet filter into a program of tc for the kernel, as bytes of `struct bpf_insn`. A packet that passes
 * goes to `target`, with `mark` left for it; for the others it is as if there were no program. `program` is sound, as libpcap and `PacketFilter`
 * have it. Throws RangeError for one that is too long.
 */
export function translateFilter(
  program: readonly BpfInstruction[],
  target: FilterTarget,
  mark: FilterMark | null = null,
): Uint8Array {
  const out = new Translation(program.length);
  out.begin(program.some(usesMemory));
  for (const [number, instruction] of program.entries()) out.add(number, instruction);
  return out.end(target, mark);
}

const usesMemory = ({ code }: BpfInstruction): boolean =>
  (code & 7) === 2 || (code & 7) === 3 || (code & 0xe7) === 0x60 || (code & 0xe7) === 0x61;

class Translation {
  readonly #words: [code: number, registers: number, offset: number, value: number][] = [];
  readonly #starts: number[] = [];
  readonly #jumps: Jump[] = [];
  readonly #match: number;
  readonly #miss: number;

  constructor(length: number) {
    this.#match = length;
    this.#miss = length + 1;
  }

  begin(usesMemory: boolean): void {
    this.#emit(op.move64, r.packet, r.one);
    this.#emit(op.set32, r.a);
    this.#emit(op.set32, r.x);
    // Never taken; the kernel refuses a program whose end is out of reach, as that of one that nothing passes is.
    this.#jump(op.jumpIf32, this.#match, r.a, 0, 1);
    for (let i = 0; usesMemory && i < 16; i++) this.#emit(op.setWord, r.stack, 0, memory + 4 * i);
  }

  add(number: number, { code, jt, jf, k }: BpfInstruction): void {
    this.#starts[number] = this.#words.length;
    switch (code & 7) {
      case 0:
        this.#load(r.a, code, k);
        break;
      case 1:
        this.#load(r.x, code, k);
        break;
      case 2:
        this.#emit(op.storeWord, r.stack, r.a, memory + 4 * k);
        break;
      case 3:
        this.#emit(op.storeWord, r.stack, r.x, memory + 4 * k);
        break;
      case 4:
        this.#calculate(code, k);
        break;
      case 5:
        this.#branch(number, code, jt, jf, k);
        break;
      case 6:
        this.#answer(code, k);
        break;
      default:
        if (code & 0x80) this.#emit(op.move32, r.a, r.x);
        else this.#emit(op.move32, r.x, r.a);
    }
  }

  end({ mapFd, index }: FilterTarget, mark: FilterMark | null): Uint8Array {
    this.#starts[this.#match] = this.#words.length;
    if (mark) this.#leave(mark);
    this.#emit(op.move64, r.one, r.packet);
    this.#loadMap(r.two, mapFd);
    this.#emit(op.set32, r.three, 0, 0, index);
    this.#emit(op.call, 0, 0, 0, helpers.tailCall);
    this.#starts[this.#miss] = this.#words.length;
    this.#emit(op.set32, r.zero, 0, 0, goOn);
    this.#emit(op.exit, 0);
    return this.#write();
  }

  #leave({ mapFd, value }: FilterMark): void {
    this.#emit(op.setWord, r.stack, 0, loaded);
    this.#loadMap(r.one, mapFd);
    this.#emit(op.move64, r.two, r.stack);
    this.#emit(op.add64, r.two, 0, 0, loaded);
    this.#emit(op.call, 0, 0, 0, helpers.lookup);
    this.#jump(op.jumpIf64, this.#miss, r.zero);
    this.#emit(op.setWord, r.zero, 0, 0, value);
  }

  #loadMap(register: number, fd: number): void {
    this.#emit(op.setDouble, register, pseudoMapFd, 0, fd);
    this.#emit(0, 0);
  }

  #emit(code: number, to: number, from = 0, offset = 0, value = 0): void {
    this.#words.push([code, to | (from << 4), offset, value | 0]);
  }

  #jump(code: number, to: number, register = 0, from = 0, value = 0): void {
    this.#jumps.push({ at: this.#words.length, to });
    this.#emit(code, register, from, 0, value);
  }

  #load(to: number, code: number, k: number): void {
    switch (code & 0xe0) {
      case 0x00:
        this.#emit(op.set32, to, 0, 0, k);
        break;
      case 0x60:
        this.#emit(op.loadWord, to, r.stack, memory + 4 * k);
        break;
      case 0x80:
        // The first field of struct __sk_buff.
        this.#emit(op.loadWord, to, r.packet);
        break;
      case 0xa0:
        this.#loadBytes(to, 0x10, k, false);
        this.#emit(op.and32, to, 0, 0, 15);
        this.#emit(op.shiftLeft32, to, 0, 0, 2);
        break;
      default:
        this.#loadBytes(to, code & 0x18, k, (code & 0xe0) === 0x40);
        break;
    }
  }

  /** A load from outside of the packet ends the filter without a match. */
  #loadBytes(to: number, size: number, k: number, indirect: boolean): void {
    const { bytes, code } = loads[size as keyof typeof loads];
    this.#emit(op.move64, r.one, r.packet);
    if (indirect) {
      this.#emit(op.move32, r.two, r.x);
      this.#emit(op.add32, r.two, 0, 0, k);
    } else this.#emit(op.set32, r.two, 0, 0, k);
    this.#emit(op.move64, r.three, r.stack);
    this.#emit(op.add64, r.three, 0, 0, loaded);
    this.#emit(op.set32, r.four, 0, 0, bytes);
    this.#emit(op.call, 0, 0, 0, helpers.loadBytes);
    this.#jump(op.jumpIfNot64, this.#miss, r.zero);
    this.#emit(code, to, r.stack, loaded);
    if (bytes > 1) this.#emit(op.toBigEndian, to, 0, 0, bytes * 8);
  }

  /** Operations have the same numbers; dividing by zero ends the filter, and shifting by too much gives zero. */
  #calculate(code: number, k: number): void {
    const operation = code & 0xf0;
    const byX = (code & 0x08) !== 0;
    const divides = operation === 0x30 || operation === 0x90;
    const shifts = operation === 0x60 || operation === 0x70;
    if (divides && byX) this.#jump(op.jumpIf32, this.#miss, r.x);
    if (operation === 0x80) this.#emit(op.negate32, r.a);
    // Not by a jump alone: no instruction may be out of reach.
    else if (divides && !byX && k === 0) this.#jump(op.jumpIfNot64, this.#miss, r.stack);
    else if (shifts && byX) this.#shiftByX(operation);
    else if (shifts && k >>> 0 > 31) this.#emit(op.set32, r.a);
    else this.#emit(operation | 0x04 | (byX ? 0x08 : 0), r.a, byX ? r.x : 0, 0, byX ? 0 : k);
  }

  #shiftByX(operation: number): void {
    this.#emit(op.jumpIfAbove32, r.x, 0, 2, 31);
    this.#emit(operation | 0x0c, r.a, r.x);
    this.#emit(op.jump, 0, 0, 1);
    this.#emit(op.set32, r.a);
  }

  #branch(number: number, code: number, jt: number, jf: number, k: number): void {
    const condition = code & 0xf0;
    if (condition === 0) {
      this.#jump(op.jump, number + 1 + k);
      return;
    }
    const byX = (code & 0x08) !== 0;
    this.#jump(condition | 0x06 | (byX ? 0x08 : 0), number + 1 + jt, r.a, byX ? r.x : 0, byX ? 0 : k);
    if (jf > 0) this.#jump(op.jump, number + 1 + jf);
  }

  #answer(code: number, k: number): void {
    const source = code & 0x18;
    if (source !== 0) this.#jump(op.jumpIf32, this.#miss, source === 0x10 ? r.a : r.x);
    this.#jump(op.jump, source === 0 && k === 0 ? this.#miss : this.#match);
  }

  #write(): Uint8Array {
    if (this.#words.length > maxInstructions) throw new RangeError('the filter is too long for the kernel');
    for (const { at, to } of this.#jumps) this.#words[at][2] = this.#starts[to] - at - 1;
    const view = new DataView(new ArrayBuffer(this.#words.length * 8));
    for (const [i, [code, registers, offset, value]] of this.#words.entries()) {
      view.setUint8(i * 8, code);
      view.setUint8(i * 8 + 1, registers);
      view.setInt16(i * 8 + 2, offset, true);
      view.setInt32(i * 8 + 4, value, true);
    }
    return new Uint8Array(view.buffer);
  }
}
