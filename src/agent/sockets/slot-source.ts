import type { SensorStatus } from '../../wire/machine.ts';
import type { ExecEvent, ExitEvent } from './process-events.ts';
import type { SlotTable } from './slot-table.ts';

/** What fills slots: the kernel itself, or a sensor that asks it now and then. */
export interface SlotSource extends Disposable {
  readonly slots: SlotTable;
  /** Called before each reading of the slots; a source that has to ask for what is there does it here, when due. */
  poll(nowNs: number): void;
  /**
   * Looks over all open sockets for what no event tells. The number of this look, which the slots that were found bear
   * from now on; 0 when the source marks none.
   */
  refresh(): number;
  /** Hands on what processes did since the last call. */
  drainProcessEvents(visit: (event: ExecEvent | ExitEvent) => void): void;
  status(): SensorStatus;
  /** Why an owner may be unknown here, where it is not for what is the kernel's own. */
  readonly unknownOwner?: string;
}
