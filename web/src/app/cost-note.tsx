import { Link } from 'react-router';
import { sumCost } from '../lib/cost.ts';
import { formatBytes, formatCount, formatPercent } from '../lib/format.ts';
import { useWithAgents } from './use-agent-choice.ts';
import { useHealth } from './use-health.ts';

/** netmon's own cost, always on show beside the navigation where there is room. */
export function CostNote() {
  const { data } = useHealth();
  const withAgents = useWithAgents();
  if (!data) return null;
  const { cpu, memory, lost } = sumCost(data);
  return (
    <Link
      to={withAgents('/status')}
      className="mt-auto rounded-lg border border-line p-3 text-xs text-ink-3 hover:border-line-strong max-xl:hidden"
    >
      <span className="mb-1.5 block font-medium text-ink-2">netmon's own cost</span>
      <Line name="CPU" value={formatPercent(cpu)} />
      <Line name="Memory" value={formatBytes(memory)} />
      <Line name="Not kept" value={formatCount(lost)} alert={lost > 0} />
      {data.status === 'degraded' && <span className="mt-1.5 block text-yellow">Degraded: see why</span>}
    </Link>
  );
}

function Line({ name, value, alert = false }: { name: string; value: string; alert?: boolean }) {
  return (
    <span className="flex justify-between leading-5">
      <span>{name}</span>
      <span className={alert ? 'text-orange' : 'text-ink-2'}>{value}</span>
    </span>
  );
}
