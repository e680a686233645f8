/**
 * Masks secrets in command lines, so that no password or token of a process reaches the screen, the database or the
 * network. Prefers to mask too much: a masked file name costs less than a password shown.
 */

/** Longest command line kept, in UTF-16 units. */
export const maxCommandLine = 4096;
/** What stands in place of a secret. */
const mask = '***';

/** Words that make an option's or variable's name one of a secret wherever they stand in it. */
const secretWords =
  /pass(?:word|wd|phrase|code)|secret|token|api-?key|access-?key|private-?key|account-?key|credential|authorization|bearer|cookie|(?:^|-)(?:pass|pwd|psw|auth|jwt|pin|otp)$|pwd$|(?:^|-)sig(?:nature)?$/;
/** A name that ends so tells where a secret lies, or is a setting of it, not the secret. */
const harmlessEnd =
  /(?:file|path|dir|name|type|url|uri|host|port|ttl|length|timeout|method|format|store|prompt|stdin|fd)$/;

/** Whether a variable, option or field of this name holds a secret. */
export function isSecretName(raw: string): boolean {
  const name = raw
    .slice(0, 64)
    .replace(/^-+/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[_.]/g, '-')
    .toLowerCase();
  return secretWords.test(name) && !harmlessEnd.test(name);
}

/** Whether a name like `ssh_key` or `STRIPE_KEY` holds a key, given that it may as well be that of a key's file. */
function isKey(name: string, value: string): boolean {
  return /(?:^|[-_.])key$/i.test(name) && !/public.key$/i.test(name) && !/^[~./]|\.\w{2,4}$/.test(value);
}

interface ShortOptions {
  /** Options with the secret in the same word, as `-pSECRET`. */
  readonly joined?: readonly string[];
  /** Options whose next word is the secret. */
  readonly next?: readonly string[];
  /** Options whose next word, or rest, is `user:password`. */
  readonly user?: readonly string[];
}

const mysql: ShortOptions = { joined: ['-p'] };
const passwordNext: ShortOptions = { next: ['-p'], joined: ['-p'] };
/** Options too short to be known by their name, by program. */
const programs: Readonly<Record<string, ShortOptions>> = {
  mysql,
  mysqldump: mysql,
  mysqladmin: mysql,
  mysqlimport: mysql,
  mariadb: mysql,
  'mariadb-dump': mysql,
  sshpass: passwordNext,
  mongo: passwordNext,
  mongosh: passwordNext,
  mongodump: passwordNext,
  docker: passwordNext,
  podman: passwordNext,
  '7z': { joined: ['-p'] },
  'redis-cli': { next: ['-a'] },
  curl: { user: ['-u', '--user', '-U', '--proxy-user'] },
  http: { user: ['-a', '--auth'] },
  lftp: { user: ['-u'] },
  smbclient: { user: ['-U', '--user'] },
  rpcclient: { user: ['-U', '--user'] },
  ldapsearch: { next: ['-w'] },
  ldapmodify: { next: ['-w'] },
  ldapadd: { next: ['-w'] },
  mosquitto_pub: { next: ['-P'] },
  mosquitto_sub: { next: ['-P'] },
  sqlcmd: { next: ['-P'], joined: ['-P'] },
  zip: { next: ['-P'] },
  unzip: { next: ['-P'] },
  xfreerdp: { joined: ['/p:'] },
  ipmitool: { next: ['-P'] },
  snmpwalk: { next: ['-c', '-A', '-X'] },
  snmpget: { next: ['-c', '-A', '-X'] },
};

/** Tokens that are recognised by their own shape, whatever stands before them. */
const knownTokens =
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,255}|xox[abeprs]-[\w-]{10,255}|sk-[\w-]{20,255}|[rs]k_(?:live|test)_\w{10,255}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,60}|hf_\w{20,255}|npm_\w{20,255}|dop_v1_\w{20,255}|eyJ[\w-]{8,2048}\.[\w-]{1,4096}(?:\.[\w-]{0,1024})?)/g;
/** `scheme://user:password@`; a port with a path behind it is none. */
const urlPassword =
  /([A-Za-z][A-Za-z0-9+.-]{0,31}:\/\/[^\s/?#@:]{0,256}:)(?!\d{1,5}(?:[/?#]|$))[^\s]{1,256}@/g;
/** The same where the argument was cut before the `@`. */
const cutUrlPassword = /([A-Za-z][A-Za-z0-9+.-]{0,31}:\/\/[^\s/?#@:]{0,256}:)(?!\d{1,5}$)[^\s/?#@]{1,256}$/;
/** A header whose value is a secret to its end, or to the quote that ends it inside a script. */
const header = /((?:proxy-)?authorization|(?:set-)?cookie)(\s{0,8}[:=]\s{0,8})(?!$)[^'"\r\n]{1,4096}/gi;
const scheme = /\b(bearer|basic|negotiate)(\s{1,8})[A-Za-z0-9+/=._~-]{6,4096}/gi;
/** `name=value`, `name: value`, `"name": "value"` inside an argument. */
const pair =
  /(["']?)([A-Za-z][\w.-]{0,63})(\1\s{0,4}[:=]\s{0,4})(?:"[^"]{0,1024}"?|'[^']{0,1024}'?|[^\s,;&"'(){}]{1,1024})/g;

/**
 * One line of the arguments of a process, secrets as `***`, at most `maxCommandLine` long. `cut` says that the last
 * argument is not whole.
 */
export function maskCommandLine(args: readonly string[], cut = false): string {
  const words = maskWords(args);
  const last = words.length - 1;
  if (cut && last >= 0) words[last] = words[last].replace(cutUrlPassword, `$1${mask}`);
  const line = words.join(' ').trim();
  return line.length > maxCommandLine ? `${line.slice(0, maxCommandLine - 1).toWellFormed()}…` : line;
}

function maskWords(args: readonly string[]): string[] {
  const active: ShortOptions[] = [];
  let expect: 'secret' | 'user' | null = null;
  return args.map((word, i) => {
    const awaited = expect;
    expect = null;
    if (awaited === 'user') return maskUser(word);
    if (awaited === 'secret' && !word.startsWith('-')) return mask;
    const program = programs[word.slice(word.lastIndexOf('/') + 1).toLowerCase()];
    if (program && !word.startsWith('-')) active.push(program);
    if (/^--?[\w-]{2,64}$/.test(word) && isSecretName(word)) expect = 'secret';
    for (const options of active) {
      if (options.next?.includes(word)) expect = 'secret';
      if (options.user?.includes(word)) expect = 'user';
    }
    return expect === null ? maskWord(word, active, i > 0) : word;
  });
}

function maskWord(word: string, active: readonly ShortOptions[], inner: boolean): string {
  const assignment = /^(-{0,2}[A-Za-z][\w.-]{0,63})=(.*)$/s.exec(word);
  if (assignment) {
    const [, name, value] = assignment;
    if (value !== '' && (isSecretName(name) || isKey(name, value))) return `${name}=${mask}`;
  }
  for (const { joined, user } of active) {
    for (const option of joined ?? []) {
      if (word.startsWith(option) && word.length > option.length) return option + mask;
    }
    for (const option of user ?? []) {
      const rest = option.startsWith('--') ? `${option}=` : option;
      if (word.startsWith(rest) && word.length > rest.length) return rest + maskUser(word.slice(rest.length));
    }
  }
  const text = maskText(word);
  return inner && /\s/.test(text) ? maskScript(text) : text;
}

/** A script given as one argument (`sh -c '...'`), or a title that a process gave itself. */
function maskScript(text: string): string {
  const parts = text.split(/(\s+)/);
  const words = maskWords(parts.filter((_, i) => i % 2 === 0));
  return parts.map((part, i) => (i % 2 === 0 ? words[i / 2] : part)).join('');
}

/** A text with what may be secret in it as `***`: passwords of URLs, headers, tokens, values of fields named for secrets. */
export function maskText(text: string): string {
  return text
    .replace(urlPassword, `$1${mask}@`)
    .replace(header, `$1$2${mask}`)
    .replace(scheme, `$1$2${mask}`)
    .replace(knownTokens, mask)
    .replace(pair, (whole, quote: string, name: string, sign: string) =>
      isSecretName(name) && !sign.includes('://') ? `${quote}${name}${sign}${mask}` : whole,
    );
}

/** `user:password`, `user%password` (Samba) or `user,password` (lftp). */
function maskUser(word: string): string {
  const at = word.search(/[:%,]/);
  return at < 0 || at === word.length - 1 ? word : word.slice(0, at + 1) + mask;
}
