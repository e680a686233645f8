import type { AppProtocol } from './protocol.ts';

const port = 51820;
/** Lengths of the messages of a handshake: initiation, response, cookie (protocol description, section 5.4). */
const handshakes: readonly number[] = [0, 148, 92, 64];
const transportType = 4;
/** Type, receiver, counter and tag. */
const transportBytes = 32;

/** A message of data looks like much else: without the handshake it is known on its port alone. */
export const wireguard: AppProtocol = {
  name: 'wireguard',
  transports: ['udp'],
  ports: [port],
  recognise({ bytes, start, end, clientPort, serverPort }) {
    const length = end - start;
    if (length < transportBytes || bytes[start + 1] || bytes[start + 2] || bytes[start + 3]) return 'no';
    const type = bytes[start];
    if (type === transportType) {
      const isPort = clientPort === port || serverPort === port;
      return isPort && length % 16 === 0 ? 'yes' : 'no';
    }
    return type > 0 && handshakes[type] === length ? 'yes' : 'no';
  },
};
