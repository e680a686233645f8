import type { GapRow } from '../../../wire/gap.ts';
import { type KnownAgent, maxKnownAgents } from '../../agents.ts';
import type { Session } from '../session.ts';

/** See `AgentStore.saveAgents`. */
export function saveAgents(session: Session, agents: readonly KnownAgent[]): void {
  session.transaction(() => {
    for (const each of agents) saveAgent(session, each);
    session.run(
      `DELETE FROM agents WHERE agent IN
        (SELECT agent FROM agents ORDER BY last_seen DESC, agent LIMIT -1 OFFSET ?)`,
      maxKnownAgents,
    );
  });
}

function saveAgent(session: Session, known: KnownAgent): void {
  session.run(
    `INSERT INTO agents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (agent) DO UPDATE SET
      version = excluded.version, kernel = excluded.kernel, os = excluded.os, dialled_by = excluded.dialled_by,
      address = excluded.address, tls = excluded.tls, last_seen = excluded.last_seen`,
    known.agent,
    known.version,
    known.kernel,
    known.os,
    known.dialledBy,
    known.address,
    Number(known.tls),
    known.firstSeen,
    known.lastSeen,
  );
}

/** See `AgentStore.readAgents`. */
export function readAgents(session: Session): KnownAgent[] {
  const rows = session.all(
    `SELECT agent, version, kernel, os, dialled_by, address, tls, first_seen, last_seen FROM agents ORDER BY agent`,
  );
  return rows.map(([agent, version, kernel, os, dialledBy, address, tls, firstSeen, lastSeen]) => ({
    agent: String(agent),
    version: String(version),
    kernel: String(kernel),
    os: String(os),
    dialledBy: dialledBy === 'server' ? 'server' : 'agent',
    address: address === null ? null : String(address),
    tls: Number(tls) === 1,
    firstSeen: String(firstSeen),
    lastSeen: String(lastSeen),
  }));
}

/** See `AgentStore.readGaps`. */
export function readGaps(session: Session, agent: string, limit: number): GapRow[] {
  const rows = session.all(
    'SELECT at, reason, lost, lost_by FROM gaps WHERE agent = ? ORDER BY id DESC LIMIT ?',
    agent,
    limit,
  );
  return rows.map(([at, reason, lost, lostBy]) => ({
    at: String(at),
    reason: String(reason),
    lost: Number(lost),
    lost_by: lostBy === null ? null : (JSON.parse(String(lostBy)) as GapRow['lost_by']),
  }));
}

/** See `AgentStore.readDials`. */
export function readDials(session: Session): string[] {
  return session.all('SELECT address FROM dials ORDER BY id').map(([address]) => String(address));
}

/** See `AgentStore.addDial`. */
export function addDial(session: Session, address: string): void {
  session.run('INSERT INTO dials (address) VALUES (?) ON CONFLICT (address) DO NOTHING', address);
}

/** See `AgentStore.removeDial`. */
export function removeDial(session: Session, address: string): boolean {
  return session.run('DELETE FROM dials WHERE address = ?', address).changes > 0;
}
