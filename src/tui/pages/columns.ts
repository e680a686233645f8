import { formatBytes, formatRate } from '../../cli/format.ts';
import type { Style } from '../line.ts';
import type { TopColumn } from './page.ts';

/** What is counted of a process or an interface: bytes, and bytes a second. */
interface Counted {
  readonly upload_speed: number;
  readonly download_speed: number;
  readonly bytes_sent: number;
  readonly bytes_received: number;
}

const orDim =
  (style: Style) =>
  (value: number | null): Style =>
    value === null || value === 0 ? 'dim' : style;

/** Styles of a speed in either direction: what stands still is dim. */
export const upStyle = orDim('up');
export const downStyle = orDim('down');
const sumStyle = orDim('bold');

/** RATE, UP and DOWN, of which the sum gives way first, at the number `drop`. */
export function rateColumns<Row extends Counted>(drop: number): readonly TopColumn<Row>[] {
  const sum = (row: Row): number => row.upload_speed + row.download_speed;
  return [
    {
      title: 'RATE',
      width: 10,
      align: 'right',
      drop,
      text: (row) => formatRate(sum(row)),
      value: sum,
      style: (row) => sumStyle(sum(row)),
    },
    {
      title: 'UP',
      width: 10,
      align: 'right',
      text: (row) => formatRate(row.upload_speed),
      value: (row) => row.upload_speed,
      style: (row) => upStyle(row.upload_speed),
    },
    {
      title: 'DOWN',
      width: 10,
      align: 'right',
      text: (row) => formatRate(row.download_speed),
      value: (row) => row.download_speed,
      style: (row) => downStyle(row.download_speed),
    },
  ];
}

/** SENT and RECEIVED, which give way at the number `drop`. */
export function amountColumns<Row extends Counted>(drop: number): readonly TopColumn<Row>[] {
  return [
    {
      title: 'SENT',
      width: 8,
      align: 'right',
      drop,
      text: (row) => formatBytes(row.bytes_sent),
      value: (row) => row.bytes_sent,
    },
    {
      title: 'RECEIVED',
      width: 8,
      align: 'right',
      drop,
      text: (row) => formatBytes(row.bytes_received),
      value: (row) => row.bytes_received,
    },
  ];
}
