import { closeSync, readSync } from 'node:fs';
import koffi from 'koffi';
import { NetmonError } from '../../base/errors.ts';
import { getLibbpf, type Libbpf, lastErrno } from './libbpf.ts';

/** BTF kind of a typedef; each tracepoint has one named `btf_trace_NAME` (include/linux/trace_events.h). */
const btfKindTypedef = 8;

/**
 * A compiled BPF object file. Order of use:
 *
 * 1. `open`, then `setMaxEntries`, `setConstants`, `skip`
 * 2. `load`
 * 3. `attach`, `attachToCgroup`, `attachToPerfEvent`, `runIterator`; what else is needed by `programFd` and `mapFd`
 *
 * Disposal detaches and unloads everything; so does the end of the process, since nothing is pinned.
 */
export class BpfObject implements Disposable {
  readonly #lib: Libbpf;
  readonly #object: unknown;
  readonly #programs = new Map<string, { readonly program: unknown; readonly section: string }>();
  readonly #links: unknown[] = [];

  private constructor(lib: Libbpf, object: unknown) {
    this.#lib = lib;
    this.#object = object;
    for (let program = lib.nextProgram(object, null); program; program = lib.nextProgram(object, program)) {
      this.#programs.set(lib.programName(program), { program, section: lib.sectionName(program) });
    }
  }

  /** Reads an object file. Throws NM_NOT_SUPPORTED when libbpf is missing, NM_SYSTEM when the file is unusable. */
  static open(path: string): BpfObject {
    const lib = getLibbpf();
    const object = lib.openFile(path, null);
    if (!object) throw new NetmonError('NM_SYSTEM', `unable to open ${path}: errno ${lastErrno()}`);
    return new BpfObject(lib, object);
  }

  /** The programs' names and sections, as `['on_send', 'tp_btf/sock_send_length']`. */
  programs(): [string, string][] {
    return [...this.#programs].map(([name, { section }]) => [name, section]);
  }

  setMaxEntries(map: string, entries: number): void {
    check(this.#lib.setMaxEntries(this.#findMap(map), entries), `unable to size the map ${map}`);
  }

  /** Writes the object's read-only data, by a callback on its bytes, before it is loaded. */
  setConstants(write: (bytes: Uint8Array) => void): void {
    const size = new Uint8Array(8);
    const pointer = this.#lib.initialValue(this.#findMap('.rodata'), size);
    if (!pointer) throw new NetmonError('NM_SYSTEM', 'the BPF object has no constants');
    write(new Uint8Array(koffi.view(pointer, new DataView(size.buffer).getUint32(0, true))));
  }

  /** Leaves a program out, where the kernel has no use for it. */
  skip(program: string): void {
    check(this.#lib.setAutoload(this.#find(program), false), `unable to leave out the program ${program}`);
  }

  /** Has the kernel verify and load what was not left out. Throws NM_NOT_SUPPORTED with the errno. */
  load(): void {
    const result = this.#lib.load(this.#object);
    if (result < 0)
      throw new NetmonError('NM_NOT_SUPPORTED', `the kernel refused the BPF programs: errno ${-result}`);
  }

  /** Attaches a program to the tracepoint that its section names. */
  attach(program: string): void {
    this.#keep(this.#lib.attach(this.#find(program)), program);
  }

  attachToCgroup(program: string, cgroupFd: number): void {
    this.#keep(this.#lib.attachCgroup(this.#find(program), cgroupFd), program);
  }

  attachToPerfEvent(program: string, eventFd: number): void {
    this.#keep(this.#lib.attachPerfEvent(this.#find(program), eventFd), program);
  }

  /** Runs an iterator program over everything it iterates, once. */
  runIterator(program: string): void {
    const link = this.#lib.attachIter(this.#find(program), null);
    if (!link) throw new NetmonError('NM_SYSTEM', `unable to attach ${program}: errno ${lastErrno()}`);
    try {
      const fd = this.#lib.createIter(this.#lib.linkFd(link));
      if (fd < 0) throw new NetmonError('NM_SYSTEM', `unable to run ${program}: errno ${-fd}`);
      try {
        const sink = Buffer.alloc(64);
        while (readSync(fd, sink, 0, sink.length, null) > 0);
      } finally {
        closeSync(fd);
      }
    } finally {
      this.#lib.destroyLink(link);
    }
  }

  programFd(program: string): number {
    return this.#lib.programFd(this.#find(program));
  }

  mapFd(map: string): number {
    return this.#lib.mapFd(this.#findMap(map));
  }

  [Symbol.dispose](): void {
    for (const link of this.#links.splice(0)) this.#lib.destroyLink(link);
    this.#lib.close(this.#object);
  }

  #keep(link: unknown, program: string): void {
    if (!link) throw new NetmonError('NM_NOT_SUPPORTED', `unable to attach ${program}: errno ${lastErrno()}`);
    this.#links.push(link);
  }

  #find(name: string): unknown {
    const found = this.#programs.get(name);
    if (!found) throw new NetmonError('NM_INTERNAL', `the BPF object has no program ${name}`);
    return found.program;
  }

  #findMap(name: string): unknown {
    const found = this.#lib.findMap(this.#object, name);
    if (!found) throw new NetmonError('NM_INTERNAL', `the BPF object has no map ${name}`);
    return found;
  }
}

/** Which of the tracepoints the running kernel does not have. Throws NM_NOT_SUPPORTED without BTF. */
export function findMissingTracepoints(names: readonly string[]): string[] {
  const lib = getLibbpf();
  const btf = lib.loadVmlinuxBtf();
  if (!btf) throw new NetmonError('NM_NOT_SUPPORTED', 'the kernel has no BTF (/sys/kernel/btf/vmlinux)');
  const missing = names.filter((name) => lib.findBtfType(btf, `btf_trace_${name}`, btfKindTypedef) < 0);
  lib.freeBtf(btf);
  return missing;
}

function check(result: number, message: string): void {
  if (result < 0) throw new NetmonError('NM_SYSTEM', `${message}: errno ${-result}`);
}
