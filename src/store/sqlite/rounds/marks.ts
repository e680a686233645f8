import type { Session } from '../session.ts';

/** How far something has got, by the id of a round; 0 before the first. */
export function readMark(session: Session, name: string): number {
  const row = session.get('SELECT value FROM settings WHERE name = ?', name);
  return row ? Number(row[0]) : 0;
}

export function saveMark(session: Session, name: string, id: number): void {
  session.run(
    'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    name,
    String(id),
  );
}
