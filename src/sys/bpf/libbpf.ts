import koffi from 'koffi';
import { NetmonError } from '../../base/errors.ts';

/** libbpf 1.x, as far as it is used. Pointers are opaque; a null pointer or a negative number is a failure. */
export interface Libbpf {
  readonly openFile: (path: string, options: null) => unknown;
  readonly load: (object: unknown) => number;
  readonly close: (object: unknown) => void;
  readonly nextProgram: (object: unknown, previous: unknown) => unknown;
  readonly programName: (program: unknown) => string;
  readonly sectionName: (program: unknown) => string;
  readonly setAutoload: (program: unknown, autoload: boolean) => number;
  readonly programFd: (program: unknown) => number;
  readonly attach: (program: unknown) => unknown;
  readonly attachCgroup: (program: unknown, cgroup: number) => unknown;
  readonly attachPerfEvent: (program: unknown, event: number) => unknown;
  readonly attachIter: (program: unknown, options: null) => unknown;
  readonly linkFd: (link: unknown) => number;
  readonly destroyLink: (link: unknown) => number;
  readonly createIter: (link: number) => number;
  readonly findMap: (object: unknown, name: string) => unknown;
  readonly mapFd: (map: unknown) => number;
  readonly setMaxEntries: (map: unknown, entries: number) => number;
  readonly initialValue: (map: unknown, size: Uint8Array) => unknown;
  readonly loadVmlinuxBtf: () => unknown;
  readonly findBtfType: (btf: unknown, name: string, kind: number) => number;
  readonly freeBtf: (btf: unknown) => void;
  readonly createHook: (hook: Uint8Array) => number;
  readonly destroyHook: (hook: Uint8Array) => number;
  readonly attachFilter: (hook: Uint8Array, options: Uint8Array) => number;
  readonly detachFilter: (hook: Uint8Array, options: Uint8Array) => number;
  readonly loadProgram: (
    type: number,
    name: string,
    license: string,
    instructions: Uint8Array,
    count: number,
    options: null,
  ) => number;
  readonly createMap: (
    type: number,
    name: string,
    keyBytes: number,
    valueBytes: number,
    entries: number,
    options: null,
  ) => number;
  readonly updateMap: (fd: number, key: Uint8Array, value: Uint8Array, flags: number) => number;
}

let loaded: Libbpf | undefined;

/** Binds libbpf.so.1 once. Throws NM_NOT_SUPPORTED where the library is missing. */
export function getLibbpf(): Libbpf {
  loaded ??= bind();
  return loaded;
}

function bind(): Libbpf {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load('libbpf.so.1');
  } catch (cause) {
    throw new NetmonError('NM_NOT_SUPPORTED', 'libbpf.so.1 is not installed', { cause });
  }
  silence(library);
  const f = (prototype: string) => library.func(prototype);
  return {
    openFile: f('void *bpf_object__open_file(const char *path, void *options)'),
    load: f('int bpf_object__load(void *object)'),
    close: f('void bpf_object__close(void *object)'),
    nextProgram: f('void *bpf_object__next_program(void *object, void *previous)'),
    programName: f('const char *bpf_program__name(void *program)'),
    sectionName: f('const char *bpf_program__section_name(void *program)'),
    setAutoload: f('int bpf_program__set_autoload(void *program, bool autoload)'),
    programFd: f('int bpf_program__fd(void *program)'),
    attach: f('void *bpf_program__attach(void *program)'),
    attachCgroup: f('void *bpf_program__attach_cgroup(void *program, int cgroup)'),
    attachPerfEvent: f('void *bpf_program__attach_perf_event(void *program, int event)'),
    attachIter: f('void *bpf_program__attach_iter(void *program, void *options)'),
    linkFd: f('int bpf_link__fd(void *link)'),
    destroyLink: f('int bpf_link__destroy(void *link)'),
    createIter: f('int bpf_iter_create(int link)'),
    findMap: f('void *bpf_object__find_map_by_name(void *object, const char *name)'),
    mapFd: f('int bpf_map__fd(void *map)'),
    setMaxEntries: f('int bpf_map__set_max_entries(void *map, uint32_t entries)'),
    initialValue: f('void *bpf_map__initial_value(void *map, _Out_ uint8_t *size)'),
    loadVmlinuxBtf: f('void *btf__load_vmlinux_btf()'),
    findBtfType: f('int btf__find_by_name_kind(void *btf, const char *name, uint32_t kind)'),
    freeBtf: f('void btf__free(void *btf)'),
    createHook: f('int bpf_tc_hook_create(void *hook)'),
    destroyHook: f('int bpf_tc_hook_destroy(void *hook)'),
    attachFilter: f('int bpf_tc_attach(void *hook, void *options)'),
    detachFilter: f('int bpf_tc_detach(void *hook, void *options)'),
    loadProgram: f(
      'int bpf_prog_load(int type, const char *name, const char *license, void *code, size_t count, void *options)',
    ),
    createMap: f(
      'int bpf_map_create(int type, const char *name, uint32_t key, uint32_t value, uint32_t entries, void *options)',
    ),
    updateMap: f('int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)'),
  };
}

/** libbpf prints to standard error unless it is given no printer; results carry the errno all the same. */
function silence(library: ReturnType<typeof koffi.load>): void {
  library.func('void *libbpf_set_print(void *printer)')(null);
}

/** The errno of the last call that gave a null pointer. */
export function lastErrno(): number {
  return koffi.errno();
}
