import { join, toBytes } from '../../packet/build.fixture.ts';

const be16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);

/** A name in labels; one that ends in `@12` goes on with what is at byte 12 of the message. */
export function encodeName(name: string): Uint8Array {
  const [labels, pointer] = name.split('@');
  const parts = labels
    .split('.')
    .filter((label) => label !== '')
    .map((label) => join(Uint8Array.of(label.length), toBytes(label)));
  return join(...parts, pointer ? be16(0xc000 | Number(pointer)) : Uint8Array.of(0));
}

export function buildQuestion(name: string, type: number, classNumber = 1): Uint8Array {
  return join(encodeName(name), be16(type), be16(classNumber));
}

export function buildRecord(name: string, type: number, data: Uint8Array, ttl = 300): Uint8Array {
  return join(encodeName(name), be16(type), be16(1), be16(0), be16(ttl), be16(data.length), data);
}

export interface Parts {
  readonly id?: number;
  readonly flags?: number;
  readonly questions?: readonly Uint8Array[];
  readonly answers?: readonly Uint8Array[];
  readonly additional?: readonly Uint8Array[];
}

/** A message; the flags are those of a query that wants recursion unless given. */
export function buildMessage({
  id = 0x1234,
  flags = 0x0100,
  questions = [],
  answers = [],
  additional = [],
}: Parts): Uint8Array {
  const counts = [questions.length, answers.length, 0, additional.length].map(be16);
  return join(be16(id), be16(flags), ...counts, ...questions, ...answers, ...additional);
}

/** With its length before it, as over TCP. */
export function frameMessage(message: Uint8Array): Uint8Array {
  return join(be16(message.length), message);
}
