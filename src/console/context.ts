import type { Saved } from './saved.ts';
import type { Screen } from './screen.ts';
import type { Stations } from './stations.ts';

/** What is told as it comes. */
export type Watch = 'on' | 'states' | 'off';

/** What commands of a console have to work with. */
export interface ConsoleContext {
  readonly stations: Stations;
  readonly saved: Saved;
  readonly screen: Screen;
  /** Connects to an agent or a server, and says how that went. */
  readonly connect: (address: string) => Promise<void>;
  /** Says what went wrong with a part of a command, which goes on. */
  readonly fail: (error: unknown, where: string) => void;
  readonly watch: (what: Watch) => void;
}
