import { errnoName } from '../../base/errno.ts';
import { NetmonError } from '../../base/errors.ts';
import {
  type FilterMark,
  type FilterTarget,
  translateFilter,
} from '../../decode/capture/filter-translation.ts';
import type { BpfInstruction } from '../../decode/capture/packet-filter.ts';
import { getLibc } from '../libc.ts';
import { getLibbpf } from './libbpf.ts';

/** include/uapi/linux/bpf.h. */
const programTypeTc = 3;
const mapTypeProgramArray = 3;

/** Programs of tc, each behind a filter that only lets through to it what passes. */
export class FilteredPrograms implements Disposable {
  readonly #mapFd: number;
  readonly #mark: FilterMark | null;
  readonly #fds: number[] = [];

  /** Room for `count` programs, for each of which `mark` is left. Throws NM_NOT_SUPPORTED where the kernel refuses. */
  constructor(count: number, mark: FilterMark | null = null) {
    this.#mark = mark;
    this.#mapFd = getLibbpf().createMap(mapTypeProgramArray, 'filtered', 4, 4, count, null);
    if (this.#mapFd < 0) throw refusal('a map of programs', this.#mapFd);
  }

  /** Puts a filter before a program; the answer is the descriptor of what to attach instead, valid until disposal. */
  add(filter: readonly BpfInstruction[], programFd: number): number {
    const index = this.#fds.length;
    const result = getLibbpf().updateMap(this.#mapFd, toWord(index), toWord(programFd), 0);
    if (result < 0) throw refusal('a program behind a filter', result);
    const fd = loadFilter(filter, { mapFd: this.#mapFd, index }, this.#mark);
    this.#fds.push(fd);
    return fd;
  }

  [Symbol.dispose](): void {
    for (const fd of [...this.#fds.splice(0), this.#mapFd]) getLibc().close(fd);
  }
}

function loadFilter(
  filter: readonly BpfInstruction[],
  target: FilterTarget,
  mark: FilterMark | null,
): number {
  let code: Uint8Array;
  try {
    code = translateFilter(filter, target, mark);
  } catch (cause) {
    throw new NetmonError('NM_BAD_FILTER', 'the filter is too long for the kernel', { cause });
  }
  const fd = getLibbpf().loadProgram(
    programTypeTc,
    'netmon_filter',
    'Dual MIT/GPL',
    code,
    code.length / 8,
    null,
  );
  if (fd < 0) throw refusal('the filter', fd);
  return fd;
}

const toWord = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);

const refusal = (what: string, result: number): NetmonError =>
  new NetmonError('NM_NOT_SUPPORTED', `the kernel refused ${what}: ${errnoName(-result)}`);
