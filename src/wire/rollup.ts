import { z } from 'zod';
import { maxBucket } from '../base/histogram.ts';

export { otherName } from './names.ts';

/** Traffic added up over ten seconds, and the shapes of single records on the link. Names in it are hostile text. */

const count = z.number().int().min(0);
const name = (max: number) => z.string().max(max);

/** Length of the stretches that agents add up over, aligned to the Unix epoch. */
export const rollupMs = 10_000;
/** Most rows of each kind in one rollup; further ones are added up under `otherName`. */
export const maxRollupRows = 500;

/** Answers by the first digit of their status; `none` was not answered. */
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const;
export type StatusClass = (typeof statusClasses)[number];

/** Pairs of bucket and count, as base/histogram writes them. */
const histogramSchema = z
  .array(count)
  .max(2 * (maxBucket + 1))
  .refine((pairs) => pairs.length % 2 === 0, { message: 'expected pairs' });

/** Requests to a section of a site with one method and kind of answer by one program. */
export const httpRollupSchema = z.strictObject({
  site: name(255),
  /** The site and the first segment of the path: `example.org/shop`. */
  section: name(512),
  method: name(32),
  status: z.enum(statusClasses),
  /** Name of the program, empty where it is unknown. */
  process: name(64),
  hits: count,
  request_bytes: count,
  response_bytes: count,
  latency: histogramSchema,
});
export type HttpRollup = z.infer<typeof httpRollupSchema>;

/** Questions of one program to one resolver for one name, with one result. */
export const dnsRollupSchema = z.strictObject({
  process: name(64),
  resolver: name(64),
  /** `none` when unanswered. */
  rcode: name(32),
  name: name(255),
  queries: count,
  latency: histogramSchema,
});
export type DnsRollup = z.infer<typeof dnsRollupSchema>;

export const rollupSchema = z.strictObject({
  /** When the stretch began, a multiple of `rollupMs`. */
  at: z.iso.datetime(),
  http: z.array(httpRollupSchema).max(maxRollupRows + 10),
  dns: z.array(dnsRollupSchema).max(maxRollupRows + 10),
});
export type Rollup = z.infer<typeof rollupSchema>;
