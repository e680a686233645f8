import { connectionPage, errorPage } from './connections.ts';
import { interfacePage } from './interfaces.ts';
import type { Page } from './page.ts';
import { processPage } from './processes.ts';
import { alertPage, dnsPage, httpPage } from './traffic.ts';

/** The tables of the screen, in the order of the numbers that choose them. */
export const pages: readonly Page<unknown>[] = [
  processPage as Page<unknown>,
  connectionPage as Page<unknown>,
  httpPage as Page<unknown>,
  dnsPage as Page<unknown>,
  errorPage as Page<unknown>,
  interfacePage as Page<unknown>,
  alertPage as Page<unknown>,
];
