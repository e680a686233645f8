import type { SettingName, SettingValues } from '../platform/settings.ts';

/** Which settings each subcommand takes. */
const logging = ['log-level', 'log-format'] as const satisfies SettingName[];

const sensing = [
  'interval',
  'sensor',
  'max-sockets',
  'connect-results',
  'inspect',
  'inspect-level',
  'inspect-filter',
  'inspect-netns',
  'mask',
] as const satisfies SettingName[];

export const serverSettings = [
  'port',
  'host',
  'allow-host',
  'token-file',
  'data',
  'db',
  'db-limit',
  'retention-days',
  'reverse-dns',
  'public-status',
  'user',
  'dial',
  'agent-port',
  'agent-host',
  'certificate-life',
  ...logging,
] as const satisfies SettingName[];
export type ServerValues = SettingValues<(typeof serverSettings)[number]>;

export const upSettings = [
  ...serverSettings,
  ...sensing,
  'spool-limit',
  'agent-name',
  'forbid-orders',
  'probe-networks',
] as const satisfies SettingName[];
export type UpValues = SettingValues<(typeof upSettings)[number]>;

export const agentSettings = [
  'server',
  ...sensing,
  'token-file',
  'agent-name',
  'data',
  'spool-limit',
  'listen',
  'listen-users',
  'forbid-orders',
  'probe-networks',
  ...logging,
] as const satisfies SettingName[];
export type AgentValues = SettingValues<(typeof agentSettings)[number]>;

export const downSettings = ['data'] as const satisfies SettingName[];
export const listSettings = ['server', 'token-file'] as const satisfies SettingName[];
