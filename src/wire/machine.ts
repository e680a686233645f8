import { z } from 'zod';
import { timestampSchema } from './connection.ts';

const count = z.number().int().min(0);
const amount = z.number().min(0);

/** A process that owns or owned connections; totals are of its whole life as far as it was watched. */
export const processSchema = z.object({
  /** Unique while the agent runs: `pid-starttime`. */
  key: z.string().max(64),
  process_id: count,
  process_name: z.string().max(64),
  process_path: z.string().max(4096).nullable(),
  command_line: z.string().max(4096).nullable(),
  user: z.string().max(64).nullable(),
  user_id: count.nullable(),
  parents: z.array(z.string().max(128)).max(32),
  container: z.string().max(128).nullable(),
  unit: z.string().max(256).nullable(),
  started_at: timestampSchema.nullable(),
  exited_at: timestampSchema.nullable(),
  connections: count,
  connections_total: count,
  errors: count,
  bytes_sent: count,
  bytes_received: count,
  upload_speed: amount,
  download_speed: amount,
});
export type ProcessRow = z.infer<typeof processSchema>;

export const interfaceSchema = z.object({
  name: z.string().max(64),
  index: count,
  /** Network namespace inode number. */
  network_namespace: count,
  up: z.boolean(),
  carrier: z.boolean(),
  kind: z.string().max(32),
  mac: z.string().max(64).nullable(),
  mtu: count,
  /** Megabits per second; null where the driver states none. */
  speed_mbps: count.nullable(),
  addresses: z.array(z.string().max(64)).max(256),
  bytes_sent: count,
  bytes_received: count,
  packets_sent: count,
  packets_received: count,
  errors_sent: count,
  errors_received: count,
  drops_sent: count,
  drops_received: count,
  upload_speed: amount,
  download_speed: amount,
  packets_sent_per_s: amount,
  packets_received_per_s: amount,
  /** The busier direction over the speed, 0 to 100; null where the speed is unknown. */
  utilization_percent: amount.nullable(),
});
export type InterfaceRow = z.infer<typeof interfaceSchema>;

/** What a sensor can do here: all, by dumping (netlink), own processes only (proc), by copies of packets (packets), or nothing (off). */
export const sensorLevels = ['full', 'netlink', 'proc', 'packets', 'off'] as const;
export type SensorLevel = (typeof sensorLevels)[number];

export const sensorSchema = z.object({
  name: z.string().max(64),
  level: z.enum(sensorLevels),
  /** What it works with, for example `eBPF: 12 programs`. */
  detail: z.string().max(512),
  /** Why it is not `full`, and what would lift it; null when it is. */
  reason: z.string().max(512).nullable(),
  remedy: z.string().max(512).nullable(),
});
export type SensorStatus = z.infer<typeof sensorSchema>;

/** Exact counts, since the agent's start, of what could not be kept. Names are those of the tables that were full. */
export const lossSchema = z.record(z.string().max(64), count);
export type Losses = z.infer<typeof lossSchema>;

export const systemSchema = z.object({
  cpu_percent: amount,
  cpus: count,
  load_1: amount,
  load_5: amount,
  load_15: amount,
  memory_total: count,
  memory_used: count,
  /** What netmon costs: the agent's own process, its kernel programs and maps, and what was lost. */
  agent_cpu_percent: amount,
  agent_memory: count,
  kernel_memory: count,
  lost: lossSchema,
});
export type SystemRow = z.infer<typeof systemSchema>;

/** One point of the bandwidth history, taken every 100 ms: `[unix ms, upload B/s, download B/s]`. */
export const sampleSchema = z.tuple([z.number(), amount, amount]);
export type Sample = z.infer<typeof sampleSchema>;
