/** Names of labels and their values, in the order of the metric's declaration. */
type LabelValues = readonly string[];

export interface Counter {
  /** Adds to the series with these label values, by default 1. */
  add(amount?: number, ...labels: LabelValues): void;
  value(...labels: LabelValues): number;
}

export interface Gauge {
  set(value: number, ...labels: LabelValues): void;
  value(...labels: LabelValues): number;
}

/**
 * A registry of counters and gauges that writes the text format 0.0.4 of Prometheus. Asking again for a name gives
 * the same metric. A series beyond the cap of a metric is counted under the label value `other`.
 */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  /** Calls `read` before each exposition, to set gauges whose value is found elsewhere. */
  onExpose(read: () => void): void;
  /** Has more families written behind the others by `exposeAll`: those whose series come and go, and are many. */
  append(write: () => Promise<string>): void;
  /** Counters and gauges as text. */
  expose(): string;
  /** The same, and the families behind them. */
  exposeAll(): Promise<string>;
}

/** A family of gauges as text, from its samples as `writeSample` writes them. */
export function writeFamily(name: string, help: string, samples: string): string {
  return writeHead(name, help, 'gauge') + samples;
}

/** A line of a family; `labels` are pairs as `writeLabel` writes them, with commas between. */
export function writeSample(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${formatNumber(value)}\n`;
}

/** A label with its value, which is escaped. */
export function writeLabel(name: string, value: string): string {
  return `${name}="${escapeLabel(value)}"`;
}

/** Most series of one metric, so that hostile label values cannot fill the memory. */
const maxSeries = 1000;

interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: readonly string[];
  readonly series: Map<string, number>;
}

/** Makes an empty registry. */
export function makeMetrics(): Metrics {
  const families = new Map<string, Family>();
  const readers: (() => void)[] = [];
  const writers: (() => Promise<string>)[] = [];
  const expose = (): string => {
    for (const read of readers) read();
    return [...families.values()].map(exposeFamily).join('');
  };
  const family = (kind: Family['kind'], name: string, help: string, labels: readonly string[]): Family => {
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new TypeError(`${name} is no name of a metric`);
    const known = families.get(name) ?? { name, help, kind, labels, series: new Map<string, number>() };
    if (known.kind !== kind || known.labels.join() !== labels.join()) {
      throw new TypeError(`${name} is declared twice in different ways`);
    }
    families.set(name, known);
    return known;
  };
  return {
    counter(name, help, labels = []) {
      const { series } = family('counter', name, help, labels);
      if (labels.length === 0) series.set('', series.get('') ?? 0);
      return {
        add(amount = 1, ...values) {
          const key = seriesKey(series, labels, values);
          series.set(key, (series.get(key) ?? 0) + amount);
        },
        value: (...values) => series.get(formatLabels(labels, values)) ?? 0,
      };
    },
    gauge(name, help, labels = []) {
      const { series } = family('gauge', name, help, labels);
      return {
        set: (value, ...values) => void series.set(seriesKey(series, labels, values), value),
        value: (...values) => series.get(formatLabels(labels, values)) ?? 0,
      };
    },
    onExpose: (read) => void readers.push(read),
    append: (write) => void writers.push(write),
    expose,
    async exposeAll() {
      let text = expose();
      for (const write of writers) text += await write();
      return text;
    },
  };
}

function exposeFamily({ name, help, kind, series }: Family): string {
  const lines = [...series].map(([labels, value]) => `${name}${labels} ${formatNumber(value)}\n`);
  return writeHead(name, help, kind) + lines.join('');
}

function writeHead(name: string, help: string, kind: Family['kind']): string {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${text}\n# TYPE ${name} ${kind}\n`;
}

function seriesKey(series: Map<string, number>, names: readonly string[], values: LabelValues): string {
  const key = formatLabels(names, values);
  if (series.size < maxSeries || series.has(key)) return key;
  return formatLabels(
    names,
    names.map(() => 'other'),
  );
}

function formatLabels(names: readonly string[], values: LabelValues): string {
  if (names.length === 0) return '';
  const pairs = names.map((name, i) => writeLabel(name, values[i] ?? ''));
  return `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.slice(0, 256).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
