/**
 * Flags of Node for the server's process. A small young generation keeps its resident memory down (measured: 4 MB
 * halves the work of the collector against 2 MB, and optimising for size triples it), and `platform/memory-trimmer.ts`
 * calls the collector; without a setter for `__proto__` no request body can reach a prototype.
 */
export const serverNodeFlags: readonly string[] = [
  '--max-semi-space-size=4',
  '--expose-gc',
  '--disable-proto=throw',
];

/** Flags of Node for the process that reads packets, which is handed whatever anybody sends: its memory is bounded. */
export const inspectorNodeFlags: readonly string[] = [
  '--max-semi-space-size=4',
  '--max-old-space-size=256',
  '--disable-proto=throw',
];
