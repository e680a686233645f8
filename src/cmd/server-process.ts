import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { backoffMs } from '../base/backoff.ts';
import { type ErrorCode, errorCodes, NetmonError } from '../base/errors.ts';
import type { Component } from '../platform/lifecycle.ts';
import type { Reporter } from '../platform/reporter.ts';
import { serverNodeFlags } from './node-flags.ts';
import type { FromServer, ServerConfig, ToServer } from './server-messages.ts';

/** The entry that turns the compile cache on. */
const program = join(import.meta.dirname, '..', '..', 'bin', 'netmon.mjs');
/** Longest wait for the server to stop by itself before it is killed; it commits what it has at once. */
const stopMs = 1800;
/** Longest wait for a server to be ready; opening a large database after a crash takes the most. */
const readyMs = 30_000;
/** A server that ran this long had started well, so the next wait is short again. */
const settledMs = 60_000;
const restart = { firstMs: 200, longestMs: 10_000 };

/**
 * The server as a second process. One that ends by itself is started again, after a growing wait; the agent's spool
 * keeps what is recorded meanwhile. The server ends by itself when this process does: its channel closes.
 */
export class ServerProcess implements Component {
  readonly name = 'server';
  readonly #config: ServerConfig;
  readonly #reporter: Reporter;
  readonly #errors: 'inherit' | 'ignore';
  #child: ChildProcess | null = null;
  #url = '';
  #failures = 0;
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;

  /** `errors` is where its log goes: to this process's standard error, or nowhere. */
  constructor(config: ServerConfig, reporter: Reporter, errors: 'inherit' | 'ignore' = 'inherit') {
    this.#config = config;
    this.#reporter = reporter;
    this.#errors = errors;
  }

  /** Of the dashboard, once started. */
  get url(): string {
    return this.#url;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the server is ready. Throws what kept it from it, under the server's own code. */
  async start(): Promise<void> {
    const child = this.#spawn();
    try {
      await this.#ready(child);
    } catch (error) {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
      this.#child = null;
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    if (child.connected) child.send({ kind: 'stop' } satisfies ToServer);
    else child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await exited;
    clearTimeout(timer);
  }

  /** Ends the server without waiting for anything. */
  kill(): void {
    this.#stopping = true;
    this.#child?.kill('SIGKILL');
  }

  #spawn(): ChildProcess {
    const started = performance.now();
    const child = spawn(process.execPath, [...serverNodeFlags, program, 'server-child'], {
      stdio: ['ignore', 'ignore', this.#errors, 'ipc'],
      env: serverEnvironment(),
      cwd: '/',
    });
    this.#child = child;
    child.on('error', (error) => this.#reporter.error('unable to run the server', { error }));
    child.once('exit', (code, signal) => {
      if (this.#stopping) return;
      if (performance.now() - started > settledMs) this.#failures = 0;
      this.#restart(code === null ? String(signal) : `exit ${code}`);
    });
    child.send({ kind: 'start', config: this.#config } satisfies ToServer, () => {});
    return child;
  }

  #restart(how: string): void {
    const waitMs = backoffMs(this.#failures++, Math.random(), restart);
    this.#reporter.error('the server ended unexpectedly; it is started again', { how, wait_ms: waitMs });
    this.#timer = setTimeout(() => {
      const child = this.#spawn();
      this.#ready(child).then(
        () => this.#reporter.info('the server is back', { url: this.#url }),
        (error: unknown) => {
          this.#reporter.error('the server does not start', { error });
          child.kill('SIGKILL');
        },
      );
    }, waitMs);
  }

  async #ready(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.once('message', (message) => {
      const failure = readFailure(message);
      if (failure) reject(failure);
      else {
        this.#url = String((message as { url?: unknown }).url).slice(0, 256);
        resolve();
      }
    });
    const onExit = (): void => reject(new NetmonError('NM_INTERNAL', 'the server ended before it was ready'));
    child.once('exit', onExit);
    const timer = setTimeout(
      () => reject(new NetmonError('NM_TIMEOUT', `the server was not ready within ${readyMs / 1000} s`)),
      readyMs,
    );
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      child.off('exit', onExit);
    }
  }
}

/** The server's reason for not starting; null when it is ready. */
function readFailure(message: unknown): NetmonError | null {
  const { kind, code, message: text } = message as Partial<Extract<FromServer, { kind: 'failed' }>>;
  if (kind !== 'failed') return null;
  const known = typeof code === 'string' && Object.hasOwn(errorCodes, code);
  return new NetmonError(known ? (code as ErrorCode) : 'NM_INTERNAL', String(text).slice(0, 4096));
}

/**
 * What a server may know of this process's environment: nothing that loads code into it. With one arena of malloc its
 * resident memory at 10,000 connections is 7 to 20 MB smaller, for nothing: its threads allocate little.
 */
function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'HOSTALIASES', 'SSL_CERT_FILE'];
  const env = Object.fromEntries(
    kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  return { ...env, NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' };
}
