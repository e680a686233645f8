import type { SummaryRecord, TrafficRecord } from '../../wire/traffic.ts';

/** What is made of a replay's records. Each is given to `record` as it comes up, the summary once and last. */
export interface ReplayOutput {
  record(record: Exclude<TrafficRecord, SummaryRecord>): void;
  finish(summary: SummaryRecord): void;
}

/** A JSON object a line. */
export function makeJsonOutput(write: (text: string) => void): ReplayOutput {
  const line = (record: TrafficRecord): void => write(`${JSON.stringify(record)}\n`);
  return { record: line, finish: line };
}
