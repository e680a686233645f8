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
  /** Has more families written behind the others, as `writeFamily` writes them: those whose series come and go. */
  append(write: () => string): void;
  expose(): string;
}

/** A value with the labels of its series. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

/** A family of gauges as text; label values are escaped. */
export function writeFamily(
  name: string,
  help: string,
  labels: readonly string[],
  samples: readonly Sample[],
): string {
  const series = new Map(samples.map((sample) => [formatLabels(labels, sample.labels), sample.value]));
  return exposeFamily({ name, help, kind: 'gauge', labels, series });
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
  const writers: (() => string)[] = [];
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
    expose() {
      for (const read of readers) read();
      return [...families.values()].map(exposeFamily).join('') + writers.map((write) => write()).join('');
    },
  };
}

function exposeFamily({ name, help, kind, series }: Family): string {
  const lines = [...series].map(([labels, value]) => `${name}${labels} ${formatNumber(value)}\n`);
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${text}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
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
  const pairs = names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`);
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
