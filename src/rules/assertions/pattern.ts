/**
 * Whether the whole of a text fits a pattern in which `*` stands for anything, or nothing. Time is linear in both, whatever
 * they hold.
 */
export function matchesPattern(text: string, pattern: string): boolean {
  const [first, ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of rest) {
    at = findEnd(text, part, at, end);
    if (at < 0) return false;
  }
  return true;
}

/** Where the first occurrence of a part between two places ends, -1 for none: Knuth, Morris and Pratt. */
function findEnd(text: string, part: string, from: number, to: number): number {
  if (part === '') return from;
  const borders = listBorders(part);
  let matched = 0;
  for (let i = from; i < to; i++) {
    const unit = text.charCodeAt(i);
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = borders[matched - 1];
    if (part.charCodeAt(matched) === unit) matched++;
    if (matched === part.length) return i + 1;
  }
  return -1;
}

/** For each beginning of a part, the length of the longest shorter beginning that it ends with. */
function listBorders(part: string): Uint16Array {
  const borders = new Uint16Array(part.length);
  let matched = 0;
  for (let i = 1; i < part.length; i++) {
    while (matched > 0 && part.charCodeAt(matched) !== part.charCodeAt(i)) matched = borders[matched - 1];
    if (part.charCodeAt(matched) === part.charCodeAt(i)) matched++;
    borders[i] = matched;
  }
  return borders;
}
