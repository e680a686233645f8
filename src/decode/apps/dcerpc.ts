import type { AppProtocol } from './protocol.ts';

const headerBytes = 16;
const bind = 11;
const bindAck = 12;
/** Integers little-endian, characters ASCII, floats IEEE, as everyone sends them. */
const dataRepresentation = 0x10;

/** A bind or its answer, DCE 1.1 RPC chapter 12. */
export const dcerpc: AppProtocol = {
  name: 'dcerpc',
  transports: ['tcp'],
  ports: [135],
  recognise({ bytes, start, end, beginning, fromClient }) {
    if (!beginning || bytes[start] !== 5) return 'no';
    if (end - start < headerBytes) return end - start < 2 || bytes[start + 1] === 0 ? 'more' : 'no';
    if (bytes[start + 1] !== 0 || bytes[start + 2] !== (fromClient ? bind : bindAck)) return 'no';
    const length = bytes[start + 8] | (bytes[start + 9] << 8);
    return bytes[start + 4] === dataRepresentation && length >= headerBytes + 8 ? 'yes' : 'no';
  },
};
