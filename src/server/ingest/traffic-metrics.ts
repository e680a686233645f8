import type { Metrics } from '../../platform/metrics.ts';
import type { DurableRecord } from '../../wire/link.ts';

/** Counts what a stored record says of inspected traffic; sites beyond the registry's cap are one series. */
export function countTraffic(metrics: Metrics, record: DurableRecord): void {
  if (record.kind === 'traffic') {
    const hits = metrics.counter(
      'netmon_inspected_http_requests_total',
      'HTTP requests seen in the traffic, by site and kind of answer.',
      ['site', 'status'],
    );
    const bytes = metrics.counter(
      'netmon_inspected_http_bytes_total',
      'Bytes of the bodies of HTTP requests and answers seen in the traffic.',
      ['direction'],
    );
    const queries = metrics.counter(
      'netmon_inspected_dns_queries_total',
      'DNS questions seen in the traffic, by answer code.',
      ['rcode'],
    );
    for (const row of record.rollup.http) {
      hits.add(row.hits, row.site, row.status);
      bytes.add(row.request_bytes, 'request');
      bytes.add(row.response_bytes, 'response');
    }
    for (const row of record.rollup.dns) queries.add(row.queries, row.rcode);
  } else if (record.kind === 'alert') {
    metrics
      .counter('netmon_traffic_alerts_total', 'Alerts on high traffic, raised and recovered.', [
        'kind',
        'state',
      ])
      .add(1, record.alert.kind, record.alert.state);
  }
}
