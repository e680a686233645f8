import { Cpu, Database, MemoryStick, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Health } from '../../../../src/wire/api.ts';
import type { SensorLevel, SensorStatus, SystemRow } from '../../../../src/wire/machine.ts';
import { isLoss } from '../../../../src/wire/names.ts';
import { useAgentChoice } from '../../app/use-agent-choice.ts';
import { useHealth } from '../../app/use-health.ts';
import { sumCost } from '../../lib/cost.ts';
import { formatBytes, formatCount, formatDuration, formatPercent, formatTime } from '../../lib/format.ts';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { Text } from '../../ui/text.tsx';
import { Tile } from '../../ui/tile.tsx';

/** What netmon costs, what its sensors can see here, and what was lost. */
export default function HealthView() {
  const query = useHealth();
  const health = query.data;
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
      {!health && query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {!health && query.isLoading && <Loading what="health" />}
      {health && query.isError && (
        <p role="alert" className="tone tone-red rounded-lg px-3 py-2 text-xs">
          The server does not answer; this is what it said last.
        </p>
      )}
      {health && <HealthBody health={health} />}
    </main>
  );
}

function HealthBody({ health }: { health: Health }) {
  const cost = sumCost(health);
  const { database } = health.server;
  const share = database.limit_bytes > 0 ? (database.bytes / database.limit_bytes) * 100 : 0;
  const choice = useAgentChoice()?.split(',');
  const shown = health.agents.filter(({ agent }) => choice?.includes(agent) ?? true);
  return (
    <>
      <section aria-label="Cost" className="grid shrink-0 grid-cols-2 gap-2.5 md:gap-3 lg:grid-cols-4">
        <Tile
          icon={Cpu}
          label="netmon's CPU"
          value={formatPercent(cost.cpu)}
          note="of one core, agent and server"
        />
        <Tile
          icon={MemoryStick}
          label="netmon's memory"
          value={formatBytes(cost.memory)}
          note="agent, kernel maps and server"
        />
        <Tile
          icon={TriangleAlert}
          label="Not kept"
          value={formatCount(cost.lost)}
          color={cost.lost > 0 ? 'var(--orange)' : undefined}
          note={cost.lost > 0 ? 'lost or evicted, by table below' : 'nothing lost, nothing evicted'}
        />
        <Tile
          icon={Database}
          label="Database"
          value={formatBytes(database.bytes)}
          note={`${formatCount(database.rows)} rows, ${formatPercent(share)} of ${formatBytes(database.limit_bytes)}`}
        />
      </section>
      {health.agents.length === 0 && (
        <section className="panel">
          <Empty title="No agent has connected yet">Without an agent there is nothing to show.</Empty>
        </section>
      )}
      {shown.map((agent) => (
        <AgentPanel key={agent.agent} agent={agent} />
      ))}
      <ServerPanel health={health} />
    </>
  );
}

const levels: Record<SensorLevel, { tone: string; text: string }> = {
  full: { tone: 'green', text: 'Full' },
  netlink: { tone: 'yellow', text: 'Netlink' },
  proc: { tone: 'orange', text: 'Own processes' },
  packets: { tone: 'yellow', text: 'Packets' },
  off: { tone: 'red', text: 'Off' },
};

function AgentPanel({ agent }: { agent: Health['agents'][number] }) {
  return (
    <section aria-label={`Agent ${agent.agent}`} className="panel shrink-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3.5 py-2.5">
        <h2 className="flex min-w-0 text-sm font-semibold">
          <Text value={agent.agent} />
        </h2>
        <span
          className={`tone tone-${agent.connected ? 'green' : 'red'} rounded px-1.5 text-2xs leading-5 font-semibold`}
        >
          {agent.connected ? 'Connected' : `Gone since ${formatTime(agent.last_seen, Date.now())}`}
        </span>
        <span className="min-w-0 truncate text-xs text-ink-3">
          <Text value={`netmon ${agent.version} · ${agent.os} · Linux ${agent.kernel}`} />
        </span>
      </div>
      <div className="grid lg:grid-cols-[minmax(0,1.6fr)_minmax(0,1fr)]">
        <ul aria-label="Sensors" className="divide-y divide-line">
          {agent.sensors.map((sensor) => (
            <Sensor key={sensor.name} sensor={sensor} />
          ))}
        </ul>
        {agent.system && <SystemFacts system={agent.system} />}
      </div>
    </section>
  );
}

function Sensor({ sensor }: { sensor: SensorStatus }) {
  const { tone, text } = levels[sensor.level] ?? levels.off;
  return (
    <li className="grid grid-cols-[7.5rem_minmax(0,1fr)] gap-x-3 px-3.5 py-2.5 text-[0.8125rem]">
      <span>
        <span
          className={`tone tone-${tone} inline-flex items-center gap-1.5 rounded px-1.5 text-2xs leading-5 font-semibold`}
        >
          <span className="size-1.5 rounded-full bg-(--tone)" aria-hidden />
          {text}
        </span>
      </span>
      <div className="min-w-0">
        <p className="text-ink">
          <Text value={sensor.name} wrap className="font-medium" />{' '}
          <Text value={sensor.detail} wrap max={512} className="text-ink-3" />
        </p>
        {sensor.reason !== null && (
          <p className="mt-0.5 text-ink-2">
            <Text value={sensor.reason} wrap max={512} />
          </p>
        )}
        {sensor.remedy !== null && (
          <p className="mt-0.5 text-ink-2">
            <span className="text-ink-3">To lift it: </span>
            <Text value={sensor.remedy} wrap max={512} />
          </p>
        )}
      </div>
    </li>
  );
}

function SystemFacts({ system }: { system: SystemRow }) {
  const used = system.memory_total > 0 ? (system.memory_used / system.memory_total) * 100 : 0;
  return (
    <Facts
      rows={[
        ['Machine CPU', `${formatPercent(system.cpu_percent)} of ${system.cpus} cores`],
        ['Load', [system.load_1, system.load_5, system.load_15].map((load) => load.toFixed(2)).join('  ')],
        [
          'Machine memory',
          `${formatBytes(system.memory_used)} of ${formatBytes(system.memory_total)} (${formatPercent(used)})`,
        ],
        ['Agent CPU', formatPercent(system.agent_cpu_percent)],
        ['Agent memory', formatBytes(system.agent_memory)],
        ['Kernel maps', formatBytes(system.kernel_memory)],
        ...lossRows(system.lost),
      ]}
    />
  );
}

function problemRows(problem: string | null): [string, ReactNode][] {
  return problem === null ? [] : [['Cannot be written', problem]];
}

function lossRows(lost: Readonly<Record<string, number>>): Array<readonly [string, ReactNode]> {
  const entries = Object.entries(lost).filter(([, count]) => count > 0);
  const rows = entries.map(([name, count]): readonly [string, ReactNode] => [
    isLoss(name) ? `Not kept: ${name.replaceAll('_', ' ')}` : name.replaceAll('_', ' '),
    <span key={name} className={isLoss(name) ? 'text-orange' : ''}>
      {formatCount(count)}
    </span>,
  ]);
  if (entries.some(([name]) => isLoss(name))) return rows;
  return [['Not kept', 'nothing lost, nothing evicted'], ...rows];
}

function Facts({ rows }: { rows: ReadonlyArray<readonly [string, ReactNode]> }) {
  return (
    <dl className="grid grid-cols-[9rem_minmax(0,1fr)] content-start gap-x-3 gap-y-1 border-line p-3.5 text-[0.8125rem] max-lg:border-t lg:border-l">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">
            <Text value={name} wrap />
          </dt>
          <dd className="min-w-0 break-words text-ink-2">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function ServerPanel({ health }: { health: Health }) {
  const { server } = health;
  return (
    <section aria-label="Server" className="panel shrink-0">
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-3.5 py-2.5">
        <h2 className="text-sm font-semibold">Server</h2>
        <span
          className={`tone tone-${health.status === 'ok' ? 'green' : 'yellow'} rounded px-1.5 text-2xs leading-5 font-semibold`}
        >
          {health.status === 'ok' ? 'Healthy' : 'Degraded'}
        </span>
        <span className="text-xs text-ink-3">netmon {health.version}</span>
      </div>
      <div className="grid lg:grid-cols-2 [&>dl:first-child]:border-0">
        <Facts
          rows={[
            ['Up for', formatDuration(health.uptime_s * 1000)],
            ['CPU', formatPercent(server.cpu_percent)],
            ['Memory', formatBytes(server.memory_bytes)],
            ['Viewers', formatCount(server.viewers)],
            ...lossRows(server.lost),
          ]}
        />
        <Facts
          rows={[
            ['Database', <Text key="path" value={server.database.path} wrap max={1024} />],
            ['Size', `${formatBytes(server.database.bytes)} of ${formatBytes(server.database.limit_bytes)}`],
            ['Rows', formatCount(server.database.rows)],
            ['Kept for', `${formatCount(server.database.retention_days)} days`],
            ...problemRows(server.database.problem),
          ]}
        />
      </div>
    </section>
  );
}
