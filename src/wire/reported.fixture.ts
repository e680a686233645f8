import type { ReportedConnection } from './connection.ts';
import type { DurableRecord } from './link.ts';

/** A reported connection for tests, with the fields given. */
export function reported(fields: Partial<ReportedConnection> = {}): ReportedConnection {
  return {
    timestamp: '2026-01-01T00:00:00.000Z',
    process_id: 42,
    process_name: 'curl',
    process_path: '/usr/bin/curl',
    local_addr: '10.0.0.1:40000',
    remote_addr: '10.0.0.2:443',
    error: null,
    protocol: 'tcp',
    state: 'ESTABLISHED',
    direction: 'outbound',
    opened_at: '2026-01-01T00:00:00.000Z',
    closed_at: null,
    duration_ms: null,
    bytes_sent: 0,
    bytes_received: 0,
    packets_sent: 0,
    packets_received: 0,
    upload_speed: 0,
    download_speed: 0,
    rtt_ms: null,
    min_rtt_ms: null,
    jitter_ms: null,
    retransmits: 0,
    loss_ratio: null,
    send_queue: 0,
    receive_queue: 0,
    limited_by: null,
    phase: null,
    reset_by: null,
    syn_retries: null,
    remote_name: null,
    remote_name_source: null,
    user: 'root',
    user_id: 0,
    command_line: 'curl https://10.0.0.2/',
    parents: ['bash (41)', 'sshd (40)'],
    container: null,
    unit: null,
    process_started_at: '2026-01-01T00:00:00.000Z',
    network_namespace: 4026531840,
    owner_unknown_reason: null,
    application: null,
    count: 1,
    application_by: null,
    site: null,
    sni: null,
    alpn: null,
    ja4: null,
    tls_version: null,
    remote_name_at: null,
    ...fields,
  };
}

/** A durable record of a connection that ended, told apart from others by its port. */
export function ended(port: number, fields: Partial<ReportedConnection> = {}): DurableRecord {
  return {
    kind: 'connection',
    key: null,
    connection: reported({ local_addr: `10.0.0.1:${port}`, state: 'CLOSED', ...fields }),
  };
}
