import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatIp } from '../base/ip.ts';
import { makeDiagSocket } from './inet-diag.ts';
import { visitProcNet } from './proc-net.ts';

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:94EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 108882 1 000000002c482ffc 100 0 0 10 0
   1: 0100007F:B553 0200000A:0050 02 00000001:00000002 01:00000050 00000003  1000        0 502959 1 000000001269a463 100 0 0 10 0
   2: 0100007F:B553 0200000A:0050 06 00000000:00000000 03:00000050 00000000     0        0 0 3 000000001269a463
`;
const udp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 7: 000080FE00000000FF00FC02010000FE:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   102        0 77 2 0000000000000000 0
`;

function read(text: string): unknown[] {
  const seen: unknown[] = [];
  visitProcNet(text, makeDiagSocket(), (socket) => {
    const { state, localPort, remotePort, sendQueue, receiveQueue, retries, uid, inode } = socket;
    const local = `${formatIp(socket.localIp)} ${localPort}`;
    const remote = `${formatIp(socket.remoteIp)} ${remotePort}`;
    seen.push([state, local, remote, sendQueue, receiveQueue, retries, uid, inode]);
  });
  return seen;
}

describe('visitProcNet', () => {
  it('reads sockets of IPv4, those in TIME_WAIT left out', () => {
    assert.deepEqual(read(tcp), [
      [10, '127.0.0.1 38123', '0.0.0.0 0', 0, 0, 0, 0, 108882],
      [2, '127.0.0.1 46419', '10.0.0.2 80', 1, 2, 3, 1000, 502959],
    ]);
  });

  it('reads sockets of IPv6', () => {
    assert.deepEqual(read(udp6), [[7, 'fe80::2fc:ff:fe00:1 53', ':: 0', 0, 0, 0, 102, 77]]);
  });

  it('leaves out what is no socket', () => {
    assert.deepEqual(read(''), []);
    assert.deepEqual(read('header only\n'), []);
    assert.deepEqual(read('h\n 0: 0100007F:94EB zz:0000 0A 0:0 0:0 0 0 0 1 1\n\n 1: 1 2 3\n'), []);
    for (let length = 0; length < tcp.length; length++) assert.ok(read(tcp.slice(0, length)).length <= 2);
  });
});
