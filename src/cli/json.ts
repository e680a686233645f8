/** What `JSON.stringify` leaves as it is and a terminal may act on: DEL, C1 controls, format characters, separators. */
const unsafe = /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu;

/** JSON of a value for standard output, which may be a terminal: every character in it is harmless there. */
export function writeJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(unsafe, (char) => {
    let escaped = '';
    for (let i = 0; i < char.length; i++) escaped += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return escaped;
  });
}
