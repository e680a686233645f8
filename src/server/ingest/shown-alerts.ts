import type { Store } from '../../store/store.ts';
import type { DurableRecord } from '../../wire/link.ts';
import type { Mirror } from '../live/mirror.ts';

/** The newest alerts that viewers are shown. */
const shownAlerts = 100;

/** Records after which the alerts on show are other ones. */
const alertKinds: ReadonlySet<DurableRecord['kind']> = new Set(['alert', 'alert_packets', 'open_alerts']);

/** Whether what viewers are shown is another after this record. */
export function changesAlerts({ kind }: DurableRecord): boolean {
  return alertKinds.has(kind);
}

/** Has viewers see the newest alerts as they are in the store now. */
export async function showAlerts({
  mirror,
  store,
}: {
  readonly mirror: Mirror;
  readonly store: Store;
}): Promise<void> {
  await mirror.showAlerts(() => store.queryAlerts({ limit: shownAlerts }));
}
