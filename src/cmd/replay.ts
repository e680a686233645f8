import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { NetmonError } from '../base/errors.ts';
import { parseTime } from '../base/time.ts';
import { escapeText } from '../cli/escape.ts';
import { makeCsvOutput, type RecordType, recordTypes } from '../cli/replay/csv-output.ts';
import { HitTimes } from '../cli/replay/hit-times.ts';
import { makeJsonOutput, type ReplayOutput } from '../cli/replay/output.ts';
import { renderReport } from '../cli/replay/report/report.ts';
import { ReplayStatistics } from '../cli/replay/statistics.ts';
import { renderSummary } from '../cli/replay/summary.ts';
import { Analyzer } from '../decode/analyzer.ts';
import { CaptureReader } from '../decode/capture/capture-reader.ts';
import type { CapturedPacket } from '../decode/capture/captured-packet.ts';
import { PacketFilter } from '../decode/capture/packet-filter.ts';
import { nodeCiphers } from '../platform/ciphers.ts';
import { readVersion } from '../platform/version.ts';
import { defaultTrafficAlertRules, TrafficAlerts } from '../rules/alerts/traffic-alerts.ts';
import { isWebRequest } from '../rules/statistics/names.ts';
import type { SummaryRecord, TrafficRecord } from '../wire/traffic.ts';
import { readCaptureFile } from './capture-file.ts';
import { Progress } from './progress.ts';
import { StandardOutput } from './standard-output.ts';

/** Exit code of a replay of a damaged file, as for other unusable data (EX_DATAERR). */
const damagedExit = 65;

/** Flows followed at once, which bounds memory: one takes up to 10 kB while a request waits for its answer. */
const maxFlows = 16_384;

/**
 * Collects garbage when the heap has grown by half. V8 waits for four times as much, which with a million short connections
 * was 260 MB rather than 180, for a twentieth of the time.
 */
const smallHeap = '--heap-growing-percent=50';

export interface ReplayOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly html?: string;
  readonly type?: string;
  readonly filter?: string;
  readonly mask?: boolean;
}

/**
 * Replays a capture file; the answer is the exit code, 65 for a damaged one. Throws NetmonError when it cannot be read at
 * all.
 */
export async function runReplay(path: string, options: ReplayOptions): Promise<number> {
  setFlagsFromString(smallHeap);
  const out = new StandardOutput();
  const { all, statistics, isQuiet } = chooseOutputs(path, options, out);
  const filter = options.filter === undefined ? null : await makeFilter(options.filter);
  const pipeline = makePipeline(options.mask ?? false, (record) => {
    for (const output of all) output.record(record);
  });
  const { analyzer } = pipeline;
  const reader = new CaptureReader(({ bytes, start, end, length, linkType, timeMs }: CapturedPacket) => {
    if (filter && !filter(linkType).matches(bytes, start, end, length)) return;
    statistics?.addPacket(timeMs, length);
    analyzer.packet(bytes, start, end, length, linkType, timeMs);
    if (timeMs > pipeline.lastMs) pipeline.lastMs = timeMs;
  });
  const progress = new Progress(isQuiet || !out.isTerminal);
  await readCaptureFile(path, reader, {
    onProgress: (done, size) => progress.show(done, size, analyzer.counters.packets),
    isEnded: () => out.closed,
  });
  progress.clear();
  pipeline.finish();
  for (const output of all) output.finish({ type: 'summary', ...analyzer.counters, error: reader.error });
  out.flush();
  if (reader.error === null || out.closed) return 0;
  process.stderr.write(`netmon: ${escapeText(path)} is damaged: ${escapeText(reader.error)}\n`);
  return damagedExit;
}

interface Pipeline {
  readonly analyzer: Analyzer;
  /** Of the packets; to be kept up to date. */
  lastMs: number;
  finish(): void;
}

/** From packets to records, alerts among them. */
function makePipeline(
  mask: boolean,
  onRecord: (record: Exclude<TrafficRecord, SummaryRecord>) => void,
): Pipeline {
  const alerts = new TrafficAlerts(defaultTrafficAlertRules, {
    onAlert: onRecord,
    formatTime: (ms) => new Date(ms).toISOString(),
  });
  const hits = new HitTimes((ms) => alerts.addHit({}, ms));
  const analyzer = new Analyzer(
    { mask, ciphers: nodeCiphers, flows: { maxFlows } },
    {
      onRecord: (record) => {
        if (record.type === 'http' && isWebRequest(record)) hits.add(parseTime(record.ts));
        onRecord(record);
      },
      onFlowEnd: onRecord,
    },
  );
  return {
    analyzer,
    lastMs: 0,
    finish() {
      analyzer.finish();
      hits.finish();
      alerts.pass(this.lastMs);
    },
  };
}

/** The filter for packets of a link type, compiled for each that there is in the file. */
async function makeFilter(expression: string): Promise<(linkType: number) => PacketFilter> {
  // Loaded when it is needed: the C libraries' part takes time at a start.
  const { checkPcapFilter, compilePcapFilter } = await import('../sys/pcap-filter.ts');
  checkPcapFilter(expression);
  const byLinkType = new Map<number, PacketFilter>();
  return (linkType) => {
    let filter = byLinkType.get(linkType);
    if (!filter) {
      filter = new PacketFilter(compilePcapFilter(expression, linkType));
      byLinkType.set(linkType, filter);
    }
    return filter;
  };
}

interface Outputs {
  readonly all: readonly ReplayOutput[];
  /** Where something is made of the packets as well. */
  readonly statistics: ReplayStatistics | null;
  /** Nothing is printed before the end. */
  readonly isQuiet: boolean;
}

function chooseOutputs(path: string, options: ReplayOptions, out: StandardOutput): Outputs {
  if (options.json && options.csv)
    throw new NetmonError('NM_BAD_FLAG', '--json and --csv exclude each other');
  const types = readTypes(options.type);
  const write = (text: string): void => out.write(text);
  const all: ReplayOutput[] = [];
  if (options.json) all.push(makeJsonOutput(new Set(types), write));
  if (options.csv) all.push(makeCsvOutput(types, write));
  const isQuiet = all.length === 0;
  if (!isQuiet && options.html === undefined) return { all, statistics: null, isQuiet };
  const statistics = new ReplayStatistics();
  const name = path === '-' ? 'standard input' : basename(path);
  all.push({
    record: (one) => statistics.add(one),
    finish: (one) => {
      if (options.html !== undefined)
        writeReport(options.html, renderReport({ name, version: readVersion() }, one, statistics));
      else
        out.write(
          renderSummary(
            name,
            one,
            statistics,
            out.isTerminal ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY,
          ),
        );
    },
  });
  return { all, statistics, isQuiet };
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new NetmonError('NM_SYSTEM', `unable to write the report to ${path}`, { cause });
  }
}

function readTypes(text: string | undefined): readonly RecordType[] {
  if (text === undefined) return recordTypes.filter((type) => type !== 'summary');
  const types = text.split(',').map((one) => one.trim());
  const unknown = types.find((one) => !(recordTypes as readonly string[]).includes(one));
  if (unknown === undefined) return types as RecordType[];
  throw new NetmonError(
    'NM_BAD_FLAG',
    `--type = ${JSON.stringify(text)}: expected some of ${recordTypes.join(', ')}, with commas`,
  );
}
