/**
 * A tone for each name, in the order of the names: its own where it has one, else the next of `others` that no name has
 * as its own; when those are used up they come again.
 */
export function assignTones(
  names: readonly string[],
  own: Readonly<Record<string, string>>,
  others: readonly string[],
): ReadonlyMap<string, string> {
  const tones = new Map<string, string>();
  for (const name of names) if (Object.hasOwn(own, name)) tones.set(name, own[name]);
  const taken = new Set(tones.values());
  const free = others.filter((tone) => !taken.has(tone));
  const choice = free.length > 0 ? free : others;
  let place = 0;
  for (const name of names) if (!tones.has(name)) tones.set(name, choice[place++ % choice.length]);
  return tones;
}
