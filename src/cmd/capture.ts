/**
 * Records whole packets. Order of a run:
 *
 * 1. the sockets of the interfaces, with the filter in place, the sensor of processes, and the file (or the process
 *    that writes one for each alert) are opened
 * 2. root is given up, before the first packet is looked at
 * 3. every 20 ms: who opened which connection, then the packets of that time
 * 4. at the end, what the kernel had to drop is read, written and shown
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { release, type } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { PacketOwners } from '../agent/capture/packet-owners.ts';
import { linkTypeOf, type RecordedInterface, Recording } from '../agent/capture/recording.ts';
import { InterfaceSensor } from '../agent/interfaces/sensor.ts';
import { NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import type { LinkMessage } from '../decode/rtnetlink.ts';
import { readConfig } from '../platform/config.ts';
import { durationValue, formatDuration } from '../platform/values.ts';
import { readVersion } from '../platform/version.ts';
import { dropPrivileges } from '../server/privileges.ts';
import { PacketSocket } from '../sys/packet-socket.ts';
import { compilePcapFilter } from '../sys/pcap-filter.ts';
import { AlertPieces } from './alert-pieces.ts';
import { AlertWatch } from './alert-watch.ts';
import { CaptureWriter } from './capture-writer.ts';
import { LastPieces, type PieceSink } from './last-pieces.ts';
import { chooseAccount } from './server-config.ts';
import { listSettings } from './setting-names.ts';
import { watchSignals } from './signals.ts';
import { readToken } from './token.ts';

/** Flags of `netmon capture`, as they are written. */
export interface CaptureFlags {
  readonly write: string;
  readonly interface: readonly string[];
  readonly filter?: string;
  readonly process?: string;
  readonly duration?: string;
  readonly last?: string;
  readonly onAlert?: boolean;
  readonly after: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly promiscuous?: boolean;
}

const tickMs = 20;
/** What is kept for an alert unless said otherwise. */
const defaultLastMs = 30_000;
/** Memory for packets that were not read yet, over all interfaces, and the least of one. */
const ringsBytes = 64 << 20;
const ringBytes = 4 << 20;
/** A block is handed over every 20 ms, full or not: small ones hold what comes in a longer time. */
const blockBytes = 256 * 1024;
/** Interfaces recorded at once. */
const maxInterfaces = 64;
/** A block of the ring is handed over this long after its first packet, at the latest. */
const settleMs = 60;

const sensors = { sensor: 'auto', maxSockets: 65_536, connectResults: false } as const;

/** Records until its time is over or it is told to end. Throws NetmonError for what keeps it from starting. */
export async function runCapture(flags: CaptureFlags): Promise<void> {
  process.title = 'netmon-capture';
  const durationMs = readDuration('duration', flags.duration) ?? Number.POSITIVE_INFINITY;
  const signal = watchSignals(() => {});
  using stack = new DisposableStack();
  const links = findLinks(flags.interface);
  const room = Math.max(ringBytes, Math.floor(ringsBytes / links.length));
  const interfaces = links.map((link): RecordedInterface => {
    const linkType = linkTypeOf(link.ethernet);
    const filter = flags.filter === undefined ? [] : compilePcapFilter(flags.filter, linkType);
    const { index, loopback } = link;
    const options = {
      interface: index,
      loopback,
      blocks: { bytes: blockBytes, count: Math.max(2, Math.floor(room / blockBytes)) },
      promiscuous: flags.promiscuous ?? false,
      filter,
    };
    return { name: link.name, linkType, socket: stack.use(new PacketSocket(options)) };
  });
  const owners = stack.use(new PacketOwners());
  owners.start(sensors);
  const sink = flags.onAlert
    ? await watchAlerts(flags, stack)
    : openFile(flags.write, readDuration('last', flags.last), stack);
  const account = chooseAccount(undefined);
  if (account) dropPrivileges(account);

  const recording = new Recording(
    {
      interfaces,
      application: `netmon ${readVersion()}`,
      os: `${type()} ${release()}`,
      filter: flags.filter,
      process: flags.process,
      findOwners: (packet) => owners.find(packet),
    },
    Date.now(),
  );
  sink.add(recording.take(), performance.now());
  say(`recording ${interfaces.map(({ name }) => name).join(', ')}; Ctrl-C ends it`);
  const end = performance.now() + durationMs;
  while (!signal.isAsked() && performance.now() < end) {
    owners.tick();
    recording.drain();
    sink.add(recording.take(), performance.now());
    await Promise.race([wait(Math.min(tickMs, Math.max(0, end - performance.now()))), signal.asked]);
  }
  await wait(settleMs);
  owners.tick();
  recording.drain();
  const { received, dropped } = recording.finish(Date.now());
  sink.add(recording.take(), performance.now());
  await sink.end();
  const others = flags.process === undefined ? '' : `, ${recording.left} of others left out`;
  say(`${recording.written} packets recorded${others}; the kernel passed ${received} and dropped ${dropped}`);
}

/** The interfaces of those names, or all that are up. */
function findLinks(names: readonly string[]): LinkMessage[] {
  using sensor = new InterfaceSensor();
  sensor.start();
  const links = sensor.links();
  for (const name of names)
    if (!links.some((link) => link.name === name))
      throw new NetmonError('NM_BAD_FLAG', `--interface ${JSON.stringify(name)}: there is no such interface`);
  const found = links.filter(({ name, up }) => (names.length === 0 ? up : names.includes(name)));
  if (found.length === 0) throw new NetmonError('NM_NOT_SUPPORTED', 'no interface is up');
  return found.slice(0, maxInterfaces);
}

/** Where a capture goes that ends with the run: all of it, or with `lastMs` the last of it. */
function openFile(path: string, lastMs: number | undefined, stack: DisposableStack): PieceSink {
  let file: number;
  try {
    file = path === '-' ? openSync('/dev/stdout', 'w') : openSync(path, 'w', 0o600);
  } catch (cause) {
    throw new NetmonError('NM_SYSTEM', `unable to write ${path}`, { cause });
  }
  stack.defer(() => closeSync(file));
  return lastMs === undefined ? makeFileSink(file) : new LastPieces(lastMs, makeFileSink(file));
}

/** Where a capture goes of which only what lies about alerts is wanted. */
async function watchAlerts(flags: CaptureFlags, stack: DisposableStack): Promise<PieceSink> {
  if (flags.write === '-') throw new NetmonError('NM_BAD_FLAG', '--on-alert writes files, not - (--write)');
  const lastMs = readDuration('last', flags.last) ?? defaultLastMs;
  const afterMs = readDuration('after', flags.after, 0)!;
  const { values } = readConfig(listSettings, {
    flags: { server: flags.server, 'token-file': flags.tokenFile },
    env: process.env,
  });
  const token = readToken(values['token-file']);
  const writer = stack.use(new CaptureWriter(flags.write));
  await writer.start();
  const sink = new AlertPieces({
    lastMs,
    afterMs,
    say,
    async save(pieces) {
      const { file, bytes } = await writer.save(pieces);
      return `saved ${file}, ${bytes} bytes`;
    },
  });
  const onAlert = ({ message }: { readonly message: string }): void => {
    say(`${message}; saving the last ${formatDuration(lastMs)} and ${formatDuration(afterMs)} more`);
    sink.onAlert();
  };
  stack.use(new AlertWatch({ url: values.server, token, onAlert, say }));
  return sink;
}

function makeFileSink(file: number): PieceSink {
  return {
    add(bytes) {
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      } catch (cause) {
        throw new NetmonError('NM_SYSTEM', 'unable to go on writing the capture', { cause });
      }
    },
    end() {},
  };
}

function readDuration(name: string, text: string | undefined, leastMs = 100): number | undefined {
  if (text === undefined) return undefined;
  const kind = durationValue(leastMs, 86_400_000);
  const value = kind.parse(text);
  if (value !== undefined) return value;
  throw new NetmonError('NM_BAD_FLAG', `--${name} = ${JSON.stringify(text)}: expected ${kind.expected}`);
}

/** On standard error, since the capture itself may go to standard output. */
function say(line: string): void {
  process.stderr.write(`netmon: ${escapeText(line)}\n`);
}
