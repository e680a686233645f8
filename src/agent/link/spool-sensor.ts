import type { SensorStatus } from '../../wire/machine.ts';

/** The sensors, and after them the spool while it cannot be written: who looks after the agent has to know. */
export function withSpoolSensor(sensors: readonly SensorStatus[], problem: string | null): SensorStatus[] {
  if (problem === null) return [...sensors];
  const spool: SensorStatus = {
    name: 'spool',
    level: 'off',
    detail: 'records wait in memory for as long as there is room',
    reason: `the spool cannot be written: ${problem}`,
    remedy: "see to the disk of the agent's data folder",
  };
  return [...sensors, spool];
}
