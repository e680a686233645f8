import type { AppProtocol } from './protocol.ts';
import { startsWith } from './text.ts';

const connect = 0x10;

/** CONNECT, MQTT 3.1.1 and 5.0 section 3.1; 3.1 calls itself MQIsdp. */
export const mqtt: AppProtocol = {
  name: 'mqtt',
  transports: ['tcp'],
  ports: [1883],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient || bytes[start] !== connect) return 'no';
    let at = start + 1;
    while (at < end && at - start < 5 && bytes[at] & 0x80) at++;
    at++;
    if (end - at < 9) return end - start < 14 ? 'more' : 'no';
    const name = bytes[at] === 0 ? bytes[at + 1] : 0;
    if (name === 4) return startsWith(bytes, at + 2, end, 'MQTT') ? 'yes' : 'no';
    return name === 6 && startsWith(bytes, at + 2, end, 'MQIsdp') ? 'yes' : 'no';
  },
};
