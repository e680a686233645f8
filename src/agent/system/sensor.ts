import { parseCpuTimes, parseLoadavg, parseMeminfo } from '../../decode/procfs.ts';
import { readBpfMemory } from '../../sys/bpf-memory.ts';
import { readProcText } from '../../sys/proc.ts';
import type { Losses, SystemRow } from '../../wire/machine.ts';

/** How often the machine is looked at. */
const readEveryMs = 1000;
/** The kernel's memory changes only when a sensor starts, and to add it up takes a read a descriptor. */
const kernelMemoryEveryMs = 30_000;

/** What the sensor is told by the others. */
export interface SystemDeps {
  /** What was lost so far, by table. */
  readonly losses: () => Losses;
}

/**
 * Load of the machine, and what netmon itself costs: CPU of the machine as a share of all its processors, CPU of this
 * process in percent of one, memory in bytes. A file of /proc that cannot be read gives zeros.
 */
export class SystemSensor {
  readonly #deps: SystemDeps;
  #row: SystemRow | null = null;
  #told = false;
  #readMs = Number.NEGATIVE_INFINITY;
  #kernelMs = Number.NEGATIVE_INFINITY;
  #kernelMemory = 0;
  #cpu = { busy: 0, total: 0 };
  #own = process.cpuUsage();
  #cpus = 1;

  constructor(deps: SystemDeps) {
    this.#deps = deps;
  }

  /** Looks at the machine when that is due. `nowMs` is Unix time. */
  tick(nowMs: number): void {
    if (nowMs - this.#readMs < readEveryMs - 20) return;
    const elapsedMs = nowMs - this.#readMs;
    this.#readMs = nowMs;
    if (nowMs - this.#kernelMs >= kernelMemoryEveryMs) {
      this.#kernelMs = nowMs;
      this.#kernelMemory = readBpfMemory();
    }
    this.#row = this.#read(elapsedMs);
    this.#told = false;
  }

  /** The row, when it was read since the last call or `full` asks for it. */
  takeChanges(full: boolean): SystemRow | undefined {
    if (this.#row === null || (this.#told && !full)) return undefined;
    this.#told = true;
    return this.#row;
  }

  #read(elapsedMs: number): SystemRow {
    const [load_1, load_5, load_15] = parseLoadavg(readProcText('/proc/loadavg') ?? '') ?? [0, 0, 0];
    const memory = parseMeminfo(readProcText('/proc/meminfo') ?? '') ?? { total: 0, used: 0 };
    return {
      cpu_percent: this.#readCpu(),
      cpus: this.#cpus,
      load_1,
      load_5,
      load_15,
      memory_total: memory.total,
      memory_used: memory.used,
      agent_cpu_percent: this.#readOwnCpu(elapsedMs),
      agent_memory: process.memoryUsage.rss(),
      kernel_memory: this.#kernelMemory,
      lost: this.#deps.losses(),
    };
  }

  #readCpu(): number {
    const text = readProcText('/proc/stat') ?? '';
    const now = parseCpuTimes(text);
    if (!now) return 0;
    const before = this.#cpu;
    this.#cpu = now;
    this.#cpus = Math.max(1, text.match(/^cpu\d/gm)?.length ?? 1);
    const total = now.total - before.total;
    return total <= 0 ? 0 : percent((now.busy - before.busy) / total);
  }

  #readOwnCpu(elapsedMs: number): number {
    const spent = process.cpuUsage(this.#own);
    this.#own = process.cpuUsage();
    return Number.isFinite(elapsedMs) ? percent((spent.user + spent.system) / 1000 / elapsedMs) : 0;
  }
}

function percent(share: number): number {
  return Math.max(0, Math.round(share * 10_000) / 100);
}
