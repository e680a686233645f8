import type { Reporter } from './reporter.ts';

/** A long-lived part of the program. Its maker does nothing; `start` acquires, `stop` gives everything back. */
export interface Component {
  readonly name: string;
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}

export interface Lifecycle {
  /** Starts the components in order. When one fails, stops those before it and throws what it threw. */
  start(): Promise<void>;
  /** Stops what was started, last one first, after the start in progress. A failure or a hang of one is reported and keeps none of the others. */
  stop(): Promise<void>;
}

/** Longest wait for one component to stop. */
const stopTimeoutMs = 2000;

/** Ties components together in the order in which they depend on each other. */
export function makeLifecycle(components: readonly Component[], reporter: Reporter): Lifecycle {
  const started: Component[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const stopAll = async (): Promise<void> => {
    for (let component = started.pop(); component; component = started.pop()) {
      try {
        await withTimeout(component);
        reporter.debug('stopped', { component: component.name });
      } catch (thrown) {
        reporter.error('unable to stop a component', { component: component.name, error: thrown });
      }
    }
  };
  const startAll = async (): Promise<void> => {
    for (const component of components) {
      if (stopping) return;
      try {
        await component.start();
      } catch (thrown) {
        await stopAll();
        throw thrown;
      }
      started.push(component);
      reporter.debug('started', { component: component.name });
    }
  };
  return {
    start() {
      starting = startAll();
      return starting;
    },
    stop() {
      stopping ??= Promise.allSettled([starting]).then(stopAll);
      return stopping;
    },
  };
}

async function withTimeout(component: Component): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`still not stopped after ${stopTimeoutMs} ms`)),
    stopTimeoutMs,
  );
  try {
    await Promise.race([component.stop(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
