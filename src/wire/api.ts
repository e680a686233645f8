import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../base/errors.ts';
import { connectionSchema, timestampSchema } from './connection.ts';
import { interfaceSchema, processSchema, sensorSchema, systemSchema } from './machine.ts';

export { bandwidthPoints } from './names.ts';

/** The shapes of the REST answers. A list is an object whose key is the resource's name, with `next`. */
const count = z.number().int().min(0);
const amount = z.number().min(0);
const next = z.string().nullable();

export const connectionListSchema = z.object({ connections: z.array(connectionSchema), next });

export const statsSchema = z.object({
  upload_speed: amount,
  download_speed: amount,
  active_connections: count,
  total_bandwidth: count,
  bytes_sent: count,
  bytes_received: count,
  connections_total: count,
  errors_total: count,
  /** Rows in the database, and its size. */
  recorded_connections: count,
  database_bytes: count,
});
export type Stats = z.infer<typeof statsSchema>;

/** The last 30 s at 100 ms: 300 points, oldest first, zero where nothing was measured yet. */
export const bandwidthHistorySchema = z.object({
  interval_ms: z.literal(100),
  points: z
    .array(z.object({ timestamp: timestampSchema, upload_speed: amount, download_speed: amount }))
    .length(300),
});

export const networkStatsSchema = z.object({
  interfaces: z.array(interfaceSchema),
  connections: count,
  total_bytes_sent: count,
  total_bytes_recv: count,
  packets_sent: count,
  packets_recv: count,
});

export const processListSchema = z.object({ processes: z.array(processSchema), next });
export const interfaceListSchema = z.object({ interfaces: z.array(interfaceSchema), next });

/** Failures of one process to one destination with one errno, counted over the range asked for. */
export const errorGroupSchema = z.object({
  remote_addr: z.string(),
  remote_name: z.string().nullable(),
  process_name: z.string().nullable(),
  process_path: z.string().nullable(),
  error: z.string(),
  count,
  first_at: timestampSchema,
  last_at: timestampSchema,
  /** Counts in equal steps of the range, oldest first, 24 of them. */
  trend: z.array(count).length(24),
});
export type ErrorGroup = z.infer<typeof errorGroupSchema>;
export const errorListSchema = z.object({
  errors: z.array(errorGroupSchema),
  next,
  since: timestampSchema,
  until: timestampSchema,
  /** Counts per errno in the same 24 steps. */
  timeline: z.record(z.string(), z.array(count)),
});

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  uptime_s: amount,
  server: z.object({
    memory_bytes: count,
    cpu_percent: amount,
    database: z.object({
      path: z.string(),
      bytes: count,
      rows: count,
      limit_bytes: count,
      retention_days: amount,
      /** Why nothing can be written to it now, and what to do; null while all is well. Agents keep what they have. */
      problem: z.string().nullable(),
    }),
    viewers: count,
    /** Exact counts of what a full table made the server drop. */
    lost: z.record(z.string(), count),
  }),
  agents: z.array(
    z.object({
      agent: z.string(),
      version: z.string(),
      kernel: z.string(),
      os: z.string(),
      connected: z.boolean(),
      last_seen: timestampSchema.nullable(),
      sensors: z.array(sensorSchema),
      system: systemSchema.nullable(),
    }),
  ),
});
export type Health = z.infer<typeof healthSchema>;

/** RFC 9457. `code` is one of the registry in base/errors. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
