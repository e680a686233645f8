// Generated from the BTF of bpf/netmon.bpf.o by `npm run build:bpf`; `npm run check` compares.

/** Byte offsets in `struct slot`; `bytes` is its size. */
export const slotLayout = {
  cookie: 0,
  opened_ns: 8,
  closed_ns: 16,
  changed_ns: 24,
  bytes_sent: 32,
  bytes_received: 40,
  packets_sent: 48,
  packets_received: 56,
  cgroup_id: 64,
  start_ns: 72,
  local_ip: 80,
  remote_ip: 96,
  local_port: 112,
  remote_port: 114,
  protocol: 116,
  state: 117,
  flags: 118,
  error_state: 119,
  pid: 120,
  ppid: 124,
  uid: 128,
  netns: 132,
  comm: 136,
  error: 152,
  errors: 156,
  revision: 160,
  srtt_us: 164,
  mdev_us: 168,
  min_rtt_us: 172,
  retransmits: 176,
  data_segments_sent: 180,
  send_queue: 184,
  receive_queue: 188,
  busy_jiffies: 192,
  rwnd_limited_jiffies: 196,
  sndbuf_limited_jiffies: 200,
  syn_retries: 204,
  error_unread: 205,
  pad: 206,
  dirty: 208,
  next_free: 212,
  bytes: 216,
} as const;

/** Byte offsets in `struct shared`; `bytes` is its size. */
export const sharedLayout = {
  free_head: 0,
  dirty_head: 8,
  opened: 16,
  lost_slots: 24,
  lost_storage: 32,
  lost_peers: 40,
  lost_process_events: 48,
  lost_connects: 56,
  bytes: 64,
} as const;

/** Byte offsets in `struct peer_key`; `bytes` is its size. */
export const peerKeyLayout = {
  cookie: 0,
  ip: 8,
  port: 24,
  pad: 26,
  bytes: 32,
} as const;

/** Byte offsets in `struct exec_event`; `bytes` is its size. */
export const execEventLayout = {
  kind: 0,
  pid: 4,
  start_ns: 8,
  cgroup_id: 16,
  ppid: 24,
  uid: 28,
  comm: 32,
  filename_length: 48,
  args_length: 50,
  pad: 52,
  filename: 56,
  args: 312,
  bytes: 1336,
} as const;

/** Byte offsets in `struct exit_event`; `bytes` is its size. */
export const exitEventLayout = {
  kind: 0,
  pid: 4,
  start_ns: 8,
  bytes: 16,
} as const;
