/** What a cgroup's path says of the processes in it: names given by container engines and by systemd. */
export interface CgroupOwner {
  /** `runtime:name`, the name being the id's first 12 digits where the runtime has no other; null outside one. */
  readonly container: string | null;
  /** The container's full id, for asking the runtime; null where the path holds none. */
  readonly containerId: string | null;
  /** The innermost systemd service or scope, inside the container if there is one. */
  readonly unit: string | null;
}

const none: CgroupOwner = { container: null, containerId: null, unit: null };
/** Deepest nesting that is looked at; the kernel's own default for cgroup.max.depth is unlimited. */
const maxDepth = 64;

/** Runtimes by the prefix of the scope that they make with systemd, as `docker-ID.scope`. */
const prefixes: Readonly<Record<string, string>> = {
  docker: 'docker',
  libpod: 'podman',
  'cri-containerd': 'containerd',
  crio: 'cri-o',
  nerdctl: 'containerd',
  buildkit: 'buildkit',
};
/** Runtimes by the parent that they make without systemd, as `/docker/ID`. */
const parents: Readonly<Record<string, string>> = {
  docker: 'docker',
  libpod_parent: 'podman',
  buildkit: 'buildkit',
  ecs: 'ecs',
  actions_job: 'docker',
  garden: 'garden',
};

/** Reads a path as in /proc/PID/cgroup. Any text is taken; an unknown one has no container and no unit. */
export function parseCgroupPath(path: string): CgroupOwner {
  const segments = path.split('/', maxDepth).filter((segment) => segment !== '');
  for (let i = segments.length - 1; i >= 0; i--) {
    const found = readContainer(segments, i);
    if (!found) continue;
    const pod = findPod(segments);
    const label = `${found.runtime}:${found.id ? found.id.slice(0, 12) : found.name}`;
    return {
      container: (pod ? `${label} (pod ${pod})` : label).slice(0, 128),
      containerId: found.id,
      unit: findUnit(segments.slice(i + 1)),
    };
  }
  const unit = findUnit(segments);
  return unit === null ? none : { container: null, containerId: null, unit };
}

interface Found {
  readonly runtime: string;
  readonly id: string | null;
  readonly name?: string;
}

function readContainer(segments: readonly string[], at: number): Found | null {
  const segment = segments[at];
  const parent = segments[at - 1] ?? '';
  /** An engine's id is 64 hexadecimal digits, that of an ECS task has a dash and a number. */
  const id = /^(?:(.*?)[-:])?([0-9a-f]{64}|[0-9a-f]{32}-\d{1,10})(?:\.scope)?$/.exec(segment);
  if (id) {
    const prefix = (id[1] ?? '').split(':').pop() ?? '';
    if (prefix.endsWith('conmon')) return null;
    const runtime = prefixes[prefix] ?? parents[parent] ?? parents[segments[at - 2] ?? ''];
    if (runtime) return { runtime, id: id[2] };
    if (prefix === '' && findPod(segments.slice(0, at))) return { runtime: 'kubernetes', id: id[2] };
    return null;
  }
  const name =
    /^(lxc)\.payload\.(.+)$/.exec(segment) ??
    /^machine-(qemu|lxc)\\x2d\d+\\x2d(.+)\.scope$/.exec(segment) ??
    /^(machine)-(.+)\.scope$/.exec(segment) ??
    /^systemd-(nspawn)@(.+)\.service$/.exec(segment);
  if (name)
    return { runtime: name[1] === 'machine' ? 'nspawn' : name[1], id: null, name: unescapeUnit(name[2]) };
  if (parent === 'lxc' || parent === 'lxc.payload') return { runtime: 'lxc', id: null, name: segment };
  return null;
}

/** The uid of a Kubernetes pod, `pod1234_...slice` under systemd and `pod1234-...` without. */
function findPod(segments: readonly string[]): string | null {
  if (!segments.some((segment) => segment.startsWith('kubepods'))) return null;
  for (const segment of segments) {
    const match = /(?:^|-)pod([0-9a-f]{8}[0-9a-f_-]{0,28})(?:\.slice|:|$)/.exec(segment);
    if (match) return match[1].replaceAll('_', '-');
  }
  return null;
}

function findUnit(segments: readonly string[]): string | null {
  const unit = segments.findLast((segment) => /.\.(?:service|scope)$/.test(segment));
  return unit === undefined ? null : unit.slice(0, 256);
}

/** systemd writes characters that a unit's name cannot hold as `\x2d` (systemd.unit(5)). */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
