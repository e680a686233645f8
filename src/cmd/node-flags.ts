/**
 * Flags of Node for the server's process. A small young generation keeps its resident memory down; without a setter for
 * `__proto__` no request body can reach a prototype.
 */
export const serverNodeFlags: readonly string[] = [
  '--max-semi-space-size=2',
  '--initial-old-space-size=16',
  '--optimize-for-size',
  '--disable-proto=throw',
];
