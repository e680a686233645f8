import type { SummaryRecord, TrafficRecord } from '../../wire/traffic.ts';
import { writeJson } from '../json.ts';

/** What is made of a replay's records. Each is given to `record` as it comes up, the summary once and last. */
export interface ReplayOutput {
  record(record: Exclude<TrafficRecord, SummaryRecord>): void;
  finish(summary: SummaryRecord): void;
}

/** A JSON object a line, of those types; the summary is always the last one. */
export function makeJsonOutput(
  types: ReadonlySet<TrafficRecord['type']>,
  write: (text: string) => void,
): ReplayOutput {
  const line = (record: TrafficRecord): void => write(`${writeJson(record)}\n`);
  return {
    record: (record) => {
      if (types.has(record.type)) line(record);
    },
    finish: line,
  };
}
