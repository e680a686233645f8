import { escapeText } from './escape.ts';

/** Controls but for those that a quoted cell may hold; a terminal would obey them. */
const controls = /[^\P{Cc}\t\r\n]/gu;

/**
 * One record of RFC 4180, with CRLF. A text that a spreadsheet would take for a formula (it begins with = + - @, a tab
 * or a line break) gets a leading apostrophe,
 * and control characters are written as `\x1b`; numbers stay as they are.
 */
export function csvRecord(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = (Array.isArray(value) ? value.join(' ') : writeText(value)).replace(controls, escapeText);
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** What is an object in JSON is that JSON in its cell. */
function writeText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
