import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { parseIp } from '../../../base/ip.ts';

const types = { A: 1, AAAA: 28, PTR: 12 } as const;
type RecordType = keyof typeof types;

/** What a name has: data by type, an rcode, or silence. No data of a type is an answer without records. */
export type Told = { readonly [type in RecordType]?: readonly string[] } | number | 'silence';

export interface NameServer extends Disposable {
  /** `NAME TYPE` of each question. */
  readonly asked: readonly string[];
}

/** Answers at port 53 of an address of loopback; a name that is not told of does not exist. All times to live are 0. */
export async function serveNames(
  zone: Readonly<Record<string, Told>>,
  ip = '127.0.0.1',
): Promise<NameServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  const ids = new Set<string>();
  socket.on('message', (question, from) => {
    const end = question.indexOf(0, 12) + 5;
    const name = readName(question);
    const type = Object.entries(types).find(([, number]) => number === question.readUInt16BE(end - 4))?.[0];
    const id = `${name} ${type} ${question.readUInt16BE(0)}`;
    // A question that is asked again counts once.
    if (!ids.has(id)) asked.push(`${name} ${type}`);
    ids.add(id);
    const told = zone[name] ?? 3;
    if (told === 'silence') return;
    const data = typeof told === 'number' ? [] : (told[type as RecordType] ?? []);
    const head = Buffer.from(question.subarray(0, end));
    head.writeUInt16BE(0x8180 | (typeof told === 'number' ? told : 0), 2);
    head.fill(0, 6, 12);
    head.writeUInt16BE(data.length, 6);
    const records = data.map((text) => makeRecord(types[type as RecordType], text));
    socket.send(Buffer.concat([head, ...records]), from.port, from.address);
  });
  socket.bind(53, ip);
  await once(socket, 'listening');
  return { asked, [Symbol.dispose]: () => void socket.close() };
}

function readName(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; question[at] !== 0; at += 1 + question[at])
    labels.push(question.toString('latin1', at + 1, at + 1 + question[at]));
  return labels.join('.').toLowerCase();
}

function makeRecord(type: number, text: string): Buffer {
  const bytes = parseIp(text);
  const data =
    type === types.PTR
      ? Buffer.concat([
          ...text.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
          Buffer.alloc(1),
        ])
      : Buffer.from(bytes ?? []).subarray(type === types.A ? 12 : 0);
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length]);
  return Buffer.concat([head, data]);
}
