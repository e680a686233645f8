import { orderTypeNames } from '../wire/names.ts';
import { probeNetworksValue } from './probe-networks.ts';
import { logLevels } from './reporter.ts';
import {
  choiceValue,
  durationValue,
  listenValue,
  listValue,
  membersValue,
  networkNamespacesValue,
  numberValue,
  pathValue,
  portValue,
  powerOfTwoValue,
  sizeValue,
  switchValue,
  textValue,
  urlValue,
  type ValueKind,
} from './values.ts';

/** One thing that can be set: `--name` as a flag, `NETMON_NAME` in the environment, `name` in the configuration file. */
interface Setting<T, F extends string | null> {
  readonly kind: ValueKind<T>;
  /** In force when nothing sets it, written as a user would; null where the program finds it out by itself. */
  readonly fallback: F;
  readonly help: string;
}

const setting = <T, const F extends string | null>(
  kind: ValueKind<T>,
  fallback: F,
  help: string,
): Setting<T, F> => ({
  kind,
  fallback,
  help,
});

/** Every setting, by its name. A name never changes its meaning. */
export const settings = {
  port: setting(portValue, '8080', 'port of the dashboard and the API'),
  host: setting(textValue('ADDRESS', 'an address'), '127.0.0.1', 'address to listen on'),
  'allow-host': setting(
    listValue('NAMES'),
    '',
    'names under which browsers may reach the server, beside localhost and addresses',
  ),
  'token-file': setting(
    pathValue,
    null,
    'file with the token that clients must send; needed for an address that is not loopback',
  ),
  db: setting(pathValue, null, 'SQLite database; by default server/netmon.db in the data folder'),
  'db-limit': setting(sizeValue, '1GB', 'size of the database beyond which the oldest records go'),
  'retention-days': setting(numberValue(0.01, 36_500, 'DAYS'), '7', 'age beyond which records go'),
  'reverse-dns': setting(switchValue, 'true', 'names of remote addresses, from the DNS'),
  'public-status': setting(
    switchValue,
    'false',
    'a page of the public monitors at /public, and badges, for everybody without a token',
  ),
  data: setting(
    pathValue,
    null,
    'folder for what is kept; by default /var/lib/netmon as root, else ~/.local/share/netmon',
  ),
  user: setting(
    textValue('NAME', 'a user name or number'),
    null,
    'user that the server runs as when started by root; by default netmon where it exists, else nobody',
  ),
  server: setting(urlValue, 'http://127.0.0.1:8080', 'server to talk to'),
  interval: setting(
    durationValue(100, 60_000),
    '100ms',
    'shortest time between two live pictures sent to the server; what is counted does not depend on it',
  ),
  sensor: setting(
    choiceValue(['auto', 'full', 'netlink', 'proc']),
    'auto',
    'how sockets are watched: counted in the kernel (full), or dumped once a second; by itself the best that works',
  ),
  'max-sockets': setting(
    powerOfTwoValue(1024, 1_048_576),
    '65536',
    'sockets followed at once, taken up to the next power of two; each takes 280 bytes, used or not',
  ),
  'connect-results': setting(
    switchValue,
    'true',
    'failures inside connect(2), such as no route, for which every system call takes some 30 ns longer',
  ),
  inspect: setting(
    switchValue,
    'true',
    'what travels in connections: applications, HTTP requests, names, TLS handshakes; needs root',
  ),
  'inspect-level': setting(
    choiceValue(['auto', 'full', 'packets']),
    'auto',
    'by programs in the kernel that copy heads alone (full), or by a copy of every packet; by itself the best that works',
  ),
  'inspect-filter': setting(
    textValue('EXPR', 'an expression of pcap-filter(7)'),
    null,
    'inspect only packets that match, in the syntax of pcap-filter(7): "tcp port 80"; by default all',
  ),
  'inspect-netns': setting(
    networkNamespacesValue,
    '',
    'other network namespaces to inspect: names of "ip netns", pid:N for that of a process, or all',
  ),
  mask: setting(
    switchValue,
    'true',
    'masks (***) in place of query strings, credentials and tokens in inspected paths',
  ),
  'spool-limit': setting(
    sizeValue,
    '128MB',
    'size of what waits for a server, beyond which the oldest records go',
  ),
  'agent-name': setting(
    textValue('NAME', 'a name'),
    null,
    'name of this machine at the server; by default its host name',
  ),
  'agent-port': setting(
    portValue,
    null,
    'port on which agents elsewhere come in over TLS, with certificates (netmon enroll); by default there is none',
  ),
  'agent-host': setting(
    textValue('ADDRESS', 'an address'),
    null,
    'address to listen on for agents; by default all of this machine',
  ),
  'certificate-life': setting(
    durationValue(2_000, 397 * 86_400_000),
    '30d',
    'how long certificates of agents and consoles are good; they are renewed by themselves after two thirds of that',
  ),
  dial: setting(
    listValue('ADDRESSES'),
    '',
    'agents that wait for this server (netmon agent --listen), as host:port, separated by commas',
  ),
  listen: setting(
    listenValue('127.0.0.1:65240'),
    null,
    'wait here for a server or consoles that dial this agent; --listen alone is 127.0.0.1:65240',
  ),
  'listen-users': setting(
    listValue('USERS'),
    '',
    "users whose programs may come over loopback beside root, the agent's and the server's (netmon or nobody); any for all",
  ),
  'forbid-orders': setting(
    membersValue(orderTypeNames, 'TYPES'),
    '',
    'orders that this agent carries out for nobody: all, or types such as probe.run, separated by commas',
  ),
  'probe-networks': setting(
    probeNetworksValue,
    'public,private',
    'networks whose addresses monitors may reach: public, private, loopback, link-local, CIDRs; !CIDR for all but that',
  ),
  'log-level': setting(choiceValue(logLevels), 'info', 'lowest level that is logged, to standard error'),
  'log-format': setting(choiceValue(['text', 'json']), null, 'by default text on a terminal, else json'),
} as const satisfies Record<string, Setting<unknown, string | null>>;

export type SettingName = keyof typeof settings;
type Parsed<N extends SettingName> = NonNullable<ReturnType<(typeof settings)[N]['kind']['parse']>>;

/** The values of some settings; undefined only for those without a fallback. */
export type SettingValues<N extends SettingName> = {
  readonly [K in N]: (typeof settings)[K]['fallback'] extends string ? Parsed<K> : Parsed<K> | undefined;
};
