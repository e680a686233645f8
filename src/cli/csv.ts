/**
 * One record of RFC 4180, with CRLF. A text that a spreadsheet would take for a formula (it begins with = + - @, a tab
 * or a line break) gets a leading apostrophe; numbers stay as they are.
 */
export function csvRecord(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = Array.isArray(value) ? value.join(' ') : writeText(value);
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** What is an object in JSON is that JSON in its cell. */
function writeText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
