import { formatBytes, formatRate } from '../../cli/format.ts';
import type { InterfaceRow } from '../../wire/machine.ts';
import { amountColumns, rateColumns } from './columns.ts';
import type { Page } from './page.ts';

export const interfacePage: Page<InterfaceRow> = {
  name: 'interfaces',
  title: 'Interfaces',
  short: 'Ifaces',
  order: 'RATE',
  rows: ({ interfaces }) => interfaces,
  key: ({ name }) => name,
  words: (row) => [row.name, row.kind, ...row.addresses],
  columns: [
    {
      title: 'INTERFACE',
      width: 12,
      grow: 1,
      text: (row) => row.name,
      value: (row) => row.name,
      style: (row) => (row.up ? 'bold' : 'dim'),
    },
    {
      title: 'STATE',
      width: 10,
      text: (row) => (row.up ? (row.carrier ? 'up' : 'no carrier') : 'down'),
      style: (row) => (row.up ? (row.carrier ? 'good' : 'warn') : 'dim'),
    },
    ...rateColumns<InterfaceRow>(8),
    {
      title: 'USED',
      width: 7,
      align: 'right',
      drop: 3,
      text: (row) => (row.utilization_percent === null ? '-' : `${row.utilization_percent.toFixed(1)}%`),
      value: (row) => row.utilization_percent ?? -1,
    },
    ...amountColumns<InterfaceRow>(4),
    {
      title: 'ERR',
      width: 5,
      align: 'right',
      text: (row) => String(row.errors_sent + row.errors_received),
      value: (row) => row.errors_sent + row.errors_received,
      style: (row) => (row.errors_sent + row.errors_received > 0 ? 'bad' : 'dim'),
    },
    {
      title: 'DROP',
      width: 5,
      align: 'right',
      text: (row) => String(row.drops_sent + row.drops_received),
      value: (row) => row.drops_sent + row.drops_received,
      style: (row) => (row.drops_sent + row.drops_received > 0 ? 'warn' : 'dim'),
    },
    {
      title: 'ADDRESSES',
      width: 24,
      grow: 2,
      drop: 5,
      text: (row) => row.addresses.join(' '),
      style: () => 'dim',
    },
  ],
  details: (row) => [
    ['interface', `${row.name} (${row.kind}), number ${row.index}`],
    ['state', `${row.up ? 'up' : 'down'}, ${row.carrier ? 'carrier' : 'no carrier'}`],
    ['address', row.mac ?? '-'],
    ['addresses', row.addresses.join(' ') || '-'],
    ['MTU', String(row.mtu)],
    ['speed', row.speed_mbps === null ? '-' : `${row.speed_mbps} Mb/s`],
    [
      'sent',
      `${formatBytes(row.bytes_sent)} in ${row.packets_sent} packets, now ${formatRate(row.upload_speed)}`,
    ],
    [
      'received',
      `${formatBytes(row.bytes_received)} in ${row.packets_received} packets, now ${formatRate(row.download_speed)}`,
    ],
    ['errors', `${row.errors_sent} sent, ${row.errors_received} received`],
    ['drops', `${row.drops_sent} sent, ${row.drops_received} received`],
  ],
  empty: () => 'no interface is known',
};
