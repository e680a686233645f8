import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatIp } from '../base/ip.ts';
import { hex } from './hex.fixture.ts';
import { inetDiagRequestBytes, makeDiagDecoder, writeDiagRequest } from './inet-diag.ts';

/** As Linux 6.18 gave it: a client on 127.0.0.1 that sent 5 bytes and received 10. */
const message = hex(`
  02 01 00 00                       # AF_INET, ESTABLISHED, timer, retries
  aae6 9e5d                         # ports 43750, 40541
  7f000001000000000000000000000000  # source
  7f000001000000000000000000000000  # destination
  00000000 820f020000000000         # interface, cookie
  00000000 00000000 00000000        # expires, receive queue, send queue
  00000000 bfdd0300                 # uid, inode
  0500080000000000 08000f0000000000  # INET_DIAG_TOS, INET_DIAG_CLASS_ID
  0c0015000100000000000000          # INET_DIAG_CGROUP_ID
  0600160052000000  # INET_DIAG_SOCKOPT
  1c01 0200                         # INET_DIAG_INFO, struct tcp_info of 280 bytes:
  010000000007aa01e01c0300409c000000800000180200000000000000000000
  00000000000000000000000000000000000000000000000000000000ffff0000
  d7ff00001f00000011000000ffffff7f0b000000cbff00000300000000000000
  d7ff00000000000049f8556806000000ffffffffffffffff0600000000000000
  0a000000000000000400000003000000000000000e0000000100000001000000
  2449828b00000000000000000000000000000000000000000000000000000000
  0200000000000000050000000000000000000000000000000000000000000000
  0000000000000100000001000000000000000000000000000000000000000000
  000000000000000000000000000000000000000000000000
`);
const infoFrom = 72 + 16 + 12 + 8 + 4;

describe('inet_diag', () => {
  it('reads a socket with its quality', () => {
    const socket = makeDiagDecoder()(message, 0, message.byteLength)!;
    const { localIp, remoteIp, ...rest } = socket;
    assert.equal(formatIp(localIp), '127.0.0.1');
    assert.equal(formatIp(remoteIp), '127.0.0.1');
    assert.deepEqual(rest, {
      state: 1,
      localPort: 43750,
      remotePort: 40541,
      cookie: 135042,
      receiveQueue: 0,
      sendQueue: 0,
      uid: 0,
      inode: 253375,
      cgroupId: 1,
      retries: 0,
      hasInfo: true,
      rttUs: 31,
      rttVariationUs: 17,
      minRttUs: 14,
      retransmits: 0,
      dataSegmentsSent: 1,
      segmentsSent: 4,
      segmentsReceived: 3,
      bytesSent: 5,
      bytesReceived: 10,
      busyUs: 0,
      receiverLimitedUs: 0,
      sendBufferLimitedUs: 0,
    });
  });

  it('reads what there is of a message cut short, nothing of the one before', () => {
    const decode = makeDiagDecoder();
    for (let length = 0; length < message.byteLength; length++) {
      decode(message, 0, message.byteLength);
      const socket = decode(message, 0, length);
      assert.equal(socket === null, length < 72, `at ${length}`);
      if (socket) assert.equal(socket.hasInfo, false);
    }
  });

  it('takes the acknowledged bytes, less the SYN, from a kernel whose tcp_info ends before those sent', () => {
    const size = 192;
    const old = new DataView(message.buffer.slice(0, infoFrom + size));
    old.setUint16(infoFrom - 4, size + 4, true);
    const socket = makeDiagDecoder()(old, 0, old.byteLength)!;
    assert.equal(socket.bytesSent, 5);
    assert.equal(socket.rttUs, 31);
  });

  it('shows addresses of IPv6 sockets as they are', () => {
    const view = new DataView(message.buffer.slice(0, 72));
    view.setUint8(0, 10);
    view.setUint8(8, 0xfd);
    assert.equal(formatIp(makeDiagDecoder()(view, 0, 72)!.localIp), 'fd00:1::');
  });

  it('asks for all sockets of a family with their tcp_info', () => {
    const view = new DataView(new ArrayBuffer(inetDiagRequestBytes));
    writeDiagRequest(view, 0, { family: 10, protocol: 17, states: 0x402 });
    const expected = hex(`0a 11 02 00 02040000 ${'00'.repeat(48)}`);
    assert.deepEqual(view, expected);
  });
});
