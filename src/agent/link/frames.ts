import type { SourceFrame } from './source.ts';

/**
 * Longest text of one live frame in UTF-16 units, so that a server is held up for no more than a few milliseconds by one.
 */
const maxFrameLength = 128 * 1024;
/** With fewer items than this a frame cannot be long and is written in one go. */
const smallFrame = 256;

const lists = ['opened', 'revised', 'changed', 'closed', 'processes', 'processes_gone'] as const;

/**
 * The JSON text of a live frame, as one or, where it would be long, several messages in the order in which they are
 * to be applied: only the first is `full` and holds the samples, only the last answers `sync`.
 */
export function encodeLive(frame: SourceFrame, sync: number | undefined): string[] {
  let items = 0;
  for (const list of lists) items += frame[list].length;
  if (items <= smallFrame) return [JSON.stringify({ kind: 'live', ...frame, sync })];
  return split(frame, sync);
}

function split(frame: SourceFrame, sync: number | undefined): string[] {
  const head = { ...frame };
  const empty: Record<string, unknown> = { interface_samples: {}, process_samples: {}, samples: [] };
  for (const list of lists) {
    head[list] = [];
    empty[list] = [];
  }
  const parts: Array<Record<string, string[]>> = [{}];
  let length = 0;
  for (const list of lists) {
    for (const item of frame[list]) {
      const text = JSON.stringify(item);
      if (length > 0 && length + text.length > maxFrameLength) {
        parts.push({});
        length = 0;
      }
      const part = parts[parts.length - 1];
      part[list] ??= [];
      part[list].push(text);
      length += text.length + 1;
    }
  }
  return parts.map((part, i) => {
    const base = i === 0 ? head : { at: frame.at, full: false, ...empty };
    return writePart(base, part, i === parts.length - 1 ? sync : undefined);
  });
}

function writePart(
  base: Record<string, unknown>,
  part: Readonly<Record<string, readonly string[]>>,
  sync: number | undefined,
): string {
  const { opened, revised, changed, closed, processes, processes_gone, ...rest } = base;
  const fields = lists.map((list) => `"${list}":[${(part[list] ?? []).join(',')}]`);
  return `${JSON.stringify({ kind: 'live', ...rest, sync }).slice(0, -1)},${fields.join(',')}}`;
}
