// Generated from the BTF of bpf/netmon.bpf.o by `npm run build:bpf`; `npm run check` compares.

/** Byte offsets in `struct slot`; `bytes` is its size. */
export const slotLayout = {
  id: 0,
  opened_ns: 8,
  closed_ns: 16,
  bytes_sent: 24,
  bytes_received: 32,
  packets_sent: 40,
  packets_received: 48,
  pid: 56,
  dirty: 60,
  srtt_us: 64,
  mdev_us: 68,
  min_rtt_us: 72,
  retransmits: 76,
  data_segments_sent: 80,
  send_queue: 84,
  receive_queue: 88,
  busy_jiffies: 92,
  rwnd_limited_jiffies: 96,
  sndbuf_limited_jiffies: 100,
  protocol: 104,
  state: 105,
  flags: 106,
  error_state: 107,
  error: 108,
  errors: 112,
  revision: 116,
  syn_retries: 120,
  error_unread: 121,
  soft_error: 122,
  pad: 124,
  local_ip: 128,
  remote_ip: 144,
  local_port: 160,
  remote_port: 162,
  netns: 164,
  cookie: 168,
  start_ns: 176,
  cgroup_id: 184,
  ppid: 192,
  uid: 196,
  comm: 200,
  sweep: 216,
  pad2: 220,
  bytes: 256,
} as const;

/** Byte offsets in `struct shared`; `bytes` is its size. */
export const sharedLayout = {
  dirty_head: 0,
  pad0: 8,
  peers: 64,
  longest_probe: 72,
  sweep: 80,
  lost_slots: 88,
  lost_datagrams: 96,
  lost_peers: 104,
  lost_process_events: 112,
  lost_calls: 120,
  bytes: 128,
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
