import { z } from 'zod';
import { lostKinds } from './names.ts';

const count = z.number().int().min(0);

/** Kinds of which nothing was lost are left out; so are all where it is not known. */
export const lostBySchema = z.partialRecord(z.enum(lostKinds), count);

/** What an agent had to give up, or a server did not get, as the API tells of it. */
export const gapRowSchema = z.object({
  /** When it was given up; of several times the last. */
  at: z.iso.datetime(),
  reason: z.string(),
  /** What the lost records stood for: a connection that was folded for as many as it counts. */
  lost: count,
  /** Null where it is not known of which kinds. */
  lost_by: lostBySchema.nullable(),
});
export type GapRow = z.infer<typeof gapRowSchema>;

/** Gaps that the API tells of one agent, the newest first. */
export const maxGapRows = 20;
