import type { AppProtocol } from './protocol.ts';

const iac = 0xff;
const subnegotiation = 0xfa;
const will = 0xfb;
const dont = 0xfe;
/** Highest option of the registry that is in use (IANA, telnet-options), but for 255. */
const maxOption = 49;

/** Negotiation of options, RFC 854 and 855. */
export const telnet: AppProtocol = {
  name: 'telnet',
  transports: ['tcp'],
  ports: [23],
  recognise({ bytes, start, end, beginning, serverPort }) {
    if (!beginning || bytes[start] !== iac) return 'no';
    let seen = 0;
    let at = start;
    while (end - at >= 3 && bytes[at] === iac) {
      const command = bytes[at + 1];
      if (command === subnegotiation) break;
      if (command < will || command > dont || bytes[at + 2] > maxOption) return 'no';
      seen++;
      at += 3;
    }
    if (seen >= 2 || (seen === 1 && this.ports.includes(serverPort))) return 'yes';
    return end - start < 6 ? 'more' : 'no';
  },
};
