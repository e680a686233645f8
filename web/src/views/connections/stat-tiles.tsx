import { Activity, ArrowDownToLine, ArrowUpFromLine, CircleX } from 'lucide-react';
import { Link } from 'react-router';
import { useWithAgents } from '../../app/use-agent-choice.ts';
import { formatBytes, formatCount, formatRate } from '../../lib/format.ts';
import { useTotals } from '../../live/use-totals.ts';
import { Tile } from '../../ui/tile.tsx';

/** The totals of the agents that are looked at. */
export function StatTiles() {
  const withAgents = useWithAgents();
  const stats = useTotals();
  return (
    <section
      aria-label="Totals"
      className="grid grid-cols-2 gap-2 md:gap-3 @min-[44rem]/main:@max-[62rem]/main:grid-cols-4"
    >
      <Tile
        icon={ArrowDownToLine}
        label="Download"
        color="var(--down)"
        value={formatRate(stats?.download_speed)}
        note={`${formatBytes(stats?.bytes_received)} received`}
      />
      <Tile
        icon={ArrowUpFromLine}
        label="Upload"
        color="var(--up)"
        value={formatRate(stats?.upload_speed)}
        note={`${formatBytes(stats?.bytes_sent)} sent`}
      />
      <Tile
        icon={Activity}
        label="Connections"
        value={formatCount(stats?.active_connections)}
        note={`${formatCount(stats?.connections_total)} since start`}
      />
      <Link to={withAgents('/errors')} className="contents">
        <Tile
          icon={CircleX}
          label="Errors"
          color={stats?.errors_total ? 'var(--red)' : undefined}
          value={formatCount(stats?.errors_total)}
          note="since start"
        />
      </Link>
    </section>
  );
}
