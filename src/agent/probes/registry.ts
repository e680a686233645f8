import type { ProbeKind } from '../../wire/probe.ts';
import type { ProbeType } from './probe.ts';

/** Kinds of probes by name; one that is missing cannot be carried out. */
export type ProbeTypes = { readonly [K in ProbeKind]?: ProbeType<K> };

/** What this program can probe: a line for each kind. */
export const probeTypes: ProbeTypes = {};
