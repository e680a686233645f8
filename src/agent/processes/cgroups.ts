import { readdirSync, statSync } from 'node:fs';
import { type CgroupOwner, parseCgroupPath } from '../../decode/cgroup.ts';
import { parseCgroup2Mount, parseCgroups } from '../../decode/procfs.ts';
import { readProcText } from '../../sys/proc.ts';

/** Most control groups kept; a machine with more finds the rest only through living processes. */
const maxGroups = 10_000;
/** Least time between two walks of the tree. */
const walkEveryMs = 5000;

/** What container and unit processes belong to. */
export interface Cgroups {
  /** From /proc/PID/cgroup of a living process; `id` is remembered with it, for others of the same group. */
  ofProcess(pid: number, id: number): CgroupOwner;
  /** From the kernel's id of a cgroup2 directory, which is its inode number; for processes that are gone. */
  ofId(id: number): CgroupOwner;
}

/** Makes a reader with an empty memory; `root` is where cgroup2 is mounted, by default as /proc/mounts says. */
export function makeCgroups(root?: string, now: () => number = Date.now): Cgroups {
  const byId = new Map<number, CgroupOwner>();
  let mount: string | null | undefined = root;
  let walkedAt = Number.NEGATIVE_INFINITY;
  const remember = (id: number, owner: CgroupOwner): void => {
    if (byId.size >= maxGroups) byId.delete(byId.keys().next().value!);
    byId.set(id, owner);
  };
  const walk = (): void => {
    mount ??= parseCgroup2Mount(readProcText('/proc/mounts') ?? '');
    if (mount === null) return;
    byId.clear();
    let left = maxGroups;
    const visit = (directory: string, path: string): void => {
      const inode = statSync(directory, { throwIfNoEntry: false })?.ino;
      if (inode === undefined || left-- <= 0) return;
      remember(inode, parseCgroupPath(path));
      for (const name of listDirectories(directory)) visit(`${directory}/${name}`, `${path}/${name}`);
    };
    visit(mount, '');
  };
  return {
    ofProcess(pid, id) {
      const owner = pickOwner(parseCgroups(readProcText(`/proc/${pid}/cgroup`) ?? ''));
      if (id > 0) remember(id, owner);
      return owner;
    },
    ofId(id) {
      if (!byId.has(id) && id > 0 && now() - walkedAt >= walkEveryMs) {
        walkedAt = now();
        walk();
      }
      return byId.get(id) ?? unknown;
    },
  };
}

const unknown: CgroupOwner = { container: null, containerId: null, unit: null };

/** The first path that names a container and the first that names a unit: on old systems they lie in different trees. */
function pickOwner(paths: readonly string[]): CgroupOwner {
  const owners = paths.map(parseCgroupPath);
  const inContainer = owners.find((owner) => owner.container !== null);
  return inContainer ?? owners.find((owner) => owner.unit !== null) ?? unknown;
}

function listDirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
