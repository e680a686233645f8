import { describeError, NetmonError } from '../../base/errors.ts';
import { DumpSource } from './fallback/dump-source.ts';
import { KernelSensor } from './kernel-sensor.ts';
import type { SlotSource } from './slot-source.ts';

/** Which sensor of sockets to use; `auto` takes the best that works. */
export const sensorChoices = ['auto', 'full', 'netlink', 'proc'] as const;
export type SensorChoice = (typeof sensorChoices)[number];

export interface SlotSourceOptions {
  readonly sensor: SensorChoice;
  /** Sockets counted at once, a power of two. */
  readonly maxSockets: number;
  /** Whether to follow the results of connect(2), for which each system call of the machine costs some 30 ns more. */
  readonly connectResults: boolean;
}

/** Opens the sensor that was chosen. Throws NM_NOT_SUPPORTED where it does not work. */
export function openSlotSource(options: SlotSourceOptions): SlotSource {
  const { sensor, maxSockets } = options;
  if (sensor === 'full') return new KernelSensor(options);
  if (sensor !== 'auto') {
    const reason = `${sensor} was asked for`;
    return new DumpSource({
      level: sensor,
      maxSockets,
      reason,
      remedy: 'leave the choice of the sensor to netmon',
    });
  }
  const reasons: string[] = [];
  const attempts: readonly ((reason: string) => SlotSource)[] = [
    () => new KernelSensor(options),
    (reason) => new DumpSource({ level: 'netlink', maxSockets, reason }),
    (reason) => new DumpSource({ level: 'proc', maxSockets, reason }),
  ];
  for (const attempt of attempts) {
    try {
      return attempt(reasons.join('; '));
    } catch (thrown) {
      if (!(thrown instanceof NetmonError)) throw thrown;
      reasons.push(describeError(thrown));
    }
  }
  throw new NetmonError('NM_NOT_SUPPORTED', `no sensor of sockets works here: ${reasons.join('; ')}`);
}
