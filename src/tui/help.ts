/** What the keys do, for the page that `?` shows. */
export const help: readonly (readonly [string, string])[] = [
  ['1 to 7, Tab, Left, Right', 'another page'],
  ['Up, Down, PgUp, PgDn', 'choose a row; Home and End: the first, the last'],
  ['Enter', 'all that is known of the row; any key goes back'],
  ['/ or F4', 'only rows that hold a text; Escape: all again'],
  ['< > or F6', 'choose the column that orders the rows'],
  ['i', 'the other way round'],
  ['g', 'HTTP and DNS: group by something else'],
  ['w', 'HTTP and DNS: look back over 10 s, 1 m, 10 m, 1 h'],
  ['z or Space', 'freeze the picture, and go on'],
  ['k or F9', 'signal the process of the row; asks first'],
  ['q, F10 or Ctrl-C', 'end; Ctrl-Z: pause it, as any program'],
];

/** What is to be known about the numbers. */
export const notes: readonly string[] = [
  'UP leaves a process or an interface, DOWN reaches it. Bars: a second each.',
  'HITS of an encrypted site are connections (c): requests cannot be seen.',
  'Control characters in names are shown as \\x1b and the like.',
];
