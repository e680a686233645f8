import type { z } from 'zod';
import { changeSchema, liveSchema, openedSchema } from '../../wire/link.ts';
import { interfaceSchema, processSchema, type SensorStatus, sensorSchema } from '../../wire/machine.ts';
import type { SourceFrame } from './source.ts';

/** A frame without what no server would take, and how many parts that were. */
export interface CleanFrame {
  readonly frame: SourceFrame;
  readonly dropped: number;
  /** What was wrong with the first of them. */
  readonly problem: string | null;
}

/**
 * Leaves out of a frame what is not valid by the wire's schemas. A sensor that reports nonsense about one connection
 * must not cost the sight of all others, so this is used after a server has refused a frame; before that it would
 * only cost time.
 */
export function cleanFrame(frame: SourceFrame): CleanFrame {
  const sieve = new Sieve();
  const { totals, system, interfaces, sensors, ...rest } = frame;
  const clean: SourceFrame = {
    ...rest,
    opened: sieve.keep(frame.opened, openedSchema),
    revised: sieve.keep(frame.revised, openedSchema),
    changed: sieve.keep(frame.changed, changeSchema).filter((change) => change.every((value) => value >= -1)),
    closed: sieve.keep(frame.closed, liveSchema.shape.closed.element),
    samples: sieve.keep(frame.samples, liveSchema.shape.samples.element),
    interface_samples: sieve.keepEach(frame.interface_samples),
    process_samples: sieve.keepEach(frame.process_samples),
    processes: sieve.keep(frame.processes, processSchema),
    processes_gone: sieve.keep(frame.processes_gone, liveSchema.shape.processes_gone.element),
    ...(interfaces && { interfaces: sieve.keep(interfaces, interfaceSchema) }),
    ...(sensors && { sensors: sieve.keep(sensors, sensorSchema) }),
    ...(sieve.passes(totals, liveSchema.shape.totals) && { totals }),
    ...(sieve.passes(system, liveSchema.shape.system) && { system }),
  };
  return { frame: clean, dropped: sieve.dropped, problem: sieve.problem };
}

/** The sensors that a server takes. */
export function cleanSensors(sensors: readonly SensorStatus[]): SensorStatus[] {
  return new Sieve().keep(sensors, sensorSchema);
}

class Sieve {
  dropped = 0;
  problem: string | null = null;

  passes(value: unknown, schema: z.ZodType): boolean {
    const parsed = schema.safeParse(value);
    if (parsed.success) return value !== undefined;
    const [issue] = parsed.error.issues;
    this.problem ??= `${issue.path.join('.')}: ${issue.message}`;
    this.dropped++;
    return false;
  }

  keep<Value>(values: readonly Value[], schema: z.ZodType): Value[] {
    return values.filter((value) => this.passes(value, schema));
  }

  keepEach<Value>(lists: Readonly<Record<string, Value[]>>): Record<string, Value[]> {
    const schema = liveSchema.shape.samples.element;
    return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, this.keep(list, schema)]));
  }
}
