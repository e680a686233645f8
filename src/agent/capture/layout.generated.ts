// Generated from the BTF of bpf/inspect.bpf.o by `npm run build:bpf`; `npm run check` compares.

/** Byte offsets in `struct packet_event`; `bytes` is its size. */
export const packetEventLayout = {
  boot_ns: 0,
  cookie: 8,
  interface: 16,
  length: 20,
  captured: 24,
  flags: 28,
  network_namespace: 32,
  pad: 36,
  bytes: 40,
} as const;

/** Byte offsets in `struct inspect_counters`; `bytes` is its size. */
export const inspectCountersLayout = {
  copied: 0,
  lost: 8,
  lost_requests: 16,
  evicted: 24,
  bytes: 32,
} as const;
