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

/** TLS on a port that says nothing. */
const anywhere: AppProtocol = {
  name: 'tls',
  transports: ['tcp'],
  ports: [],
  recognise: (sample) => recogniseTls(sample, false),
  makeParser: (conversation) => new TlsParser(conversation, true),
};

/**
 * TLS, shown as what it carries where the port is that of a service (`https`, `imaps`), otherwise as `tls`, or as
 * `https` once ALPN says so.
 */
export const tls: readonly AppProtocol[] = [
  ...Object.entries(portNames).map(([name, ports]): AppProtocol => {
    const isPort = ({ serverPort, clientPort }: Sample): boolean =>
      ports.includes(serverPort) || ports.includes(clientPort);
    return {
      ...anywhere,
      name,
      ports,
      makeParser: (conversation) => new TlsParser(conversation, false),
      recognise: (sample) => (isPort(sample) ? recogniseTls(sample, true) : 'no'),
    };
  }),
  anywhere,
];
