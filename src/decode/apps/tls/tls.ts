import type { AppProtocol, Sample } from '../protocol.ts';
import { TlsParser } from './parser.ts';
import { recogniseTls } from './recognise.ts';

/** What TLS on a port carries, by RFC 2818, 4217, 4642, 8314, 7858, 5061 and the registry of IANA. */
const portNames: Readonly<Record<string, readonly number[]>> = {
  https: [443, 8443],
  imaps: [993],
  pop3s: [995],
  smtps: [465],
  ldaps: [636, 3269],
  ftps: [989, 990],
  nntps: [563],
  ircs: [6697],
  dot: [853],
  sips: [5061],
  mqtts: [8883],
  amqps: [5671],
};

/**
 * Services that change to TLS on their own port (STARTTLS and its like): they are shown as what they were, also where that
 * step was not seen.
 */
const upgradingPorts: ReadonlyMap<number, string> = new Map([
  [21, 'ftp'],
  [25, 'smtp'],
  [110, 'pop3'],
  [119, 'nntp'],
  [143, 'imap'],
  [389, 'ldap'],
  [587, 'smtp'],
  [3306, 'mysql'],
  [3389, 'rdp'],
  [5222, 'xmpp'],
  [5269, 'xmpp'],
  [5432, 'postgresql'],
]);

/** TLS on another port. */
const anywhere: AppProtocol = {
  name: 'tls',
  transports: ['tcp'],
  ports: [],
  recognise: (sample) => recogniseTls(sample, false),
  makeParser: (conversation) => {
    const name = conversation.securedName ?? upgradingPorts.get(conversation.serverPort);
    if (name !== undefined) conversation.rename(name);
    return new TlsParser(conversation, name === undefined);
  },
};

/**
 * TLS, shown as what it carries where the port is that of a service (`https`, `imaps`), as what it was before where it
 * began in clear text (`smtp` after STARTTLS), otherwise as `tls`, or as `https` once ALPN says so.
 */
export const tls: readonly AppProtocol[] = [
  ...Object.entries(portNames).map(([name, ports]): AppProtocol => {
    const isPort = ({ serverPort, clientPort }: Sample): boolean =>
      ports.includes(serverPort) || ports.includes(clientPort);
    return {
      ...anywhere,
      name,
      ports,
      makeParser: (conversation) => {
        conversation.rename(conversation.securedName ?? name);
        return new TlsParser(conversation, false);
      },
      recognise: (sample) => (isPort(sample) ? recogniseTls(sample, true) : 'no'),
    };
  }),
  anywhere,
];
