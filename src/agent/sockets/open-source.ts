import { KernelSensor } from './kernel-sensor.ts';
import type { SlotSource } from './slot-source.ts';

/** Which sensor of sockets to use; `auto` takes the best that works. */
export const sensorChoices = ['auto', 'full'] as const;
export type SensorChoice = (typeof sensorChoices)[number];

export interface SlotSourceOptions {
  readonly sensor: SensorChoice;
  /** Sockets counted at once, a power of two. */
  readonly maxSockets: number;
  /** Whether to follow the results of connect(2), for which each system call of the machine costs some 30 ns more. */
  readonly connectResults: boolean;
}

export const defaultSlotSourceOptions: SlotSourceOptions = {
  sensor: 'auto',
  maxSockets: 65_536,
  connectResults: true,
};

/** Opens the sensor that was chosen. Throws NM_NOT_SUPPORTED where it does not work. */
export function openSlotSource(options: SlotSourceOptions): SlotSource {
  return new KernelSensor(options);
}
