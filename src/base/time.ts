/** Last moment of the year 9999, up to which a year has four digits. */
const lastMs = 253_402_300_799_999;
const millisecondTexts = Array.from({ length: 1000 }, (_, ms) => `${String(ms).padStart(3, '0')}Z`);
/** The second that was written last, and its text up to the point: most times that are told of are near one another. */
let knownSecond = -1;
let knownText = '';

/** A time in Unix milliseconds as RFC 3339 in UTC with three decimals, any fraction of a millisecond cut off. */
export function formatTime(timeMs: number): string {
  if (!(timeMs >= 0 && timeMs <= lastMs)) return new Date(timeMs).toISOString();
  const second = Math.floor(timeMs / 1000);
  if (second !== knownSecond) {
    knownText = new Date(second * 1000).toISOString().slice(0, 20);
    knownSecond = second;
  }
  return knownText + millisecondTexts[Math.floor(timeMs) - second * 1000];
}

/** Unix milliseconds of a time that `formatTime` has written, and of what else `Date.parse` knows; NaN for none. */
export function parseTime(text: string): number {
  if (text.length !== 24 || knownSecond < 0 || !text.startsWith(knownText)) return Date.parse(text);
  const ms = (text.charCodeAt(20) - 48) * 100 + (text.charCodeAt(21) - 48) * 10 + (text.charCodeAt(22) - 48);
  const digits = millisecondTexts[ms];
  return digits !== undefined && text.endsWith(digits) ? knownSecond * 1000 + ms : Date.parse(text);
}
