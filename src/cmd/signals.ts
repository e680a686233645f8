/** Longest that stopping may take before it is forced. */
const stopDeadlineMs = 4500;

export interface StopSignal {
  /** Resolves on the first SIGINT, SIGTERM or SIGHUP, or when `stop` is called. */
  readonly asked: Promise<string>;
  stop(reason: string): void;
  isAsked(): boolean;
}

/**
 * Takes over the signals that end a program. The first asks; a second one, or 4.5 s without an end, forces: `force` is
 * called and the process exits with 1.
 */
export function watchSignals(force: () => void): StopSignal {
  const { promise: asked, resolve } = Promise.withResolvers<string>();
  let stopping = false;
  const forceNow = (why: string): void => {
    process.stderr.write(`netmon: ${why}, forcing the end\n`);
    force();
    process.exit(1);
  };
  const stop = (reason: string): void => {
    if (stopping) forceNow('asked again');
    stopping = true;
    setTimeout(() => forceNow(`not ended within ${stopDeadlineMs} ms`), stopDeadlineMs).unref();
    resolve(reason);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  return { asked, stop, isAsked: () => stopping };
}
