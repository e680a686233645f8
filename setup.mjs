/**
 * What `npm start`, `npm test` and `npm run check` need, in this order, each done only when missing or stale:
 *
 * 1. the npm packages, among them the Node that runs everything else
 * 2. the Debian packages, as root on a system with apt
 * 3. the dashboard's build
 * 4. the compile cache, so that the first start needs as little memory as later ones
 *
 * Plain JavaScript that Node 18 parses, because the host's Node runs it first.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const modules = join(root, 'node_modules');
const node = join(modules, '.bin', 'node');
/** Lowest Node that runs TypeScript sources as they are without a warning. */
const lowestNode = [24, 12];

/** Debian packages, each group beside those of the groups before it. */
const debian = {
  start: ['libbpf1', 'libpcap0.8'],
  test: [
    'bind9',
    'bpftool',
    'chromium',
    'chrony',
    'curl',
    'dnsmasq-base',
    'dovecot-imapd',
    'dovecot-pop3d',
    'gcc',
    'iperf3',
    'iproute2',
    'libc6-dev',
    'nftables',
    'nghttp2-client',
    'nghttp2-proxy',
    'nghttp2-server',
    'nginx-light',
    'ngtcp2-client',
    'ngtcp2-server',
    'openssl',
    'procps',
    'python3-aiosmtpd',
    'python3-psutil',
    'tcpdump',
    'tmux',
    'tshark',
    'wrk',
  ],
  check: ['bpftool', 'clang', 'libbpf-dev', 'llvm'],
  bench: ['prometheus-blackbox-exporter'],
};
/** Those with a service, which is for tests alone: on this machine it is neither started nor enabled. */
const services = {
  bind9: 'named',
  chrony: 'chrony',
  'dovecot-imapd': 'dovecot',
  'dovecot-pop3d': 'dovecot',
  'nginx-light': 'nginx',
  'prometheus-blackbox-exporter': 'prometheus-blackbox-exporter',
};
/** What invoke-rc.d(8) asks before it starts a service. */
const servicePolicy = '/usr/sbin/policy-rc.d';
const wantedBy = {
  start: ['start'],
  test: ['start', 'test'],
  check: ['check'],
  bench: ['start', 'test', 'bench'],
};

const purpose = process.argv[2] === '--for' ? process.argv[3] : 'start';

try {
  await installModules();
  verifyNode();
  await installDebianPackages(wantedBy[purpose].flatMap((group) => debian[group]));
  await buildDashboard();
  await fillCompileCache();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}

async function installModules() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = join(modules, '.netmon-lock');
  const hash = createHash('sha256').update(lock).digest('hex');
  if (readOr(stamp, '') === hash) return;
  if (!isInstalled(JSON.parse(lock))) {
    if (isLink(modules)) unlinkSync(modules);
    const npm = process.env.npm_execpath;
    const command = npm ? [process.env.npm_node_execpath || process.execPath, npm] : ['npm'];
    await step(
      'installing the npm packages of package-lock.json',
      [...command, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'],
      'check that the npm registry can be reached (npm ping), then run the command again',
    );
  }
  writeFileSync(stamp, hash);
}

/** Whether what npm says it installed is what the lock asks for, leaving out what is for other platforms. */
function isInstalled(lock) {
  const hidden = readOr(join(modules, '.package-lock.json'), '');
  if (hidden === '') return false;
  const present = JSON.parse(hidden).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true;
    if (present[path] === undefined)
      return wanted.optional === true && !path.endsWith(`/node-linux-${process.arch}`);
    return present[path].version === wanted.version && existsSync(join(root, path));
  });
}

function verifyNode() {
  let version;
  try {
    version = execFileSync(existsSync(node) ? node : process.execPath, ['--version'], {
      encoding: 'utf8',
    }).trim();
  } catch (error) {
    throw new Error(
      `node_modules/.bin/node does not run (${error.message.split('\n')[0]}): install Node 24 and glibc`,
    );
  }
  const [major, minor] = version.slice(1).split('.').map(Number);
  if (major > lowestNode[0] || (major === lowestNode[0] && minor >= lowestNode[1])) return;
  throw new Error(
    `netmon runs on Node ${lowestNode.join('.')} or newer and this is ${version}: npm brings one for Linux on x64 and ` +
      `arm64 only, so install Node 24 for ${process.platform} ${process.arch}`,
  );
}

async function installDebianPackages(names) {
  if (!existsSync('/usr/bin/dpkg-query')) return;
  const missing = listMissing(names);
  if (missing.length === 0) return;
  if (process.getuid() !== 0 || !existsSync('/usr/bin/apt-get')) {
    say(
      `missing Debian packages: ${missing.join(' ')} (as root: apt-get install ${missing.join(' ')}); going on`,
    );
    return;
  }
  const apt = ['apt-get', '-y', '-q', '-o', 'DPkg::Lock::Timeout=120'];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // What is there already stays: a package that conflicts with it is left out.
  const install = (some) =>
    step(
      `installing Debian packages: ${some.join(' ')}`,
      [...apt, 'install', '--no-remove', '--no-install-recommends', ...some],
      '',
      env,
    );
  const goOn = (error) => say(`${error.message}; going on without (netmon doctor says what that costs)`);
  const allowServices = forbidServices();
  try {
    await step('refreshing the lists of Debian packages', [...apt, 'update'], '', env);
    await install(missing).catch(async (error) => {
      if (missing.length === 1) throw error;
      say('not all of them go together with what is installed; trying one by one');
      for (const name of missing) await install([name]).catch(goOn);
    });
  } catch (error) {
    goOn(error);
  } finally {
    allowServices();
  }
  keepServicesOff(missing.filter((name) => !listMissing([name]).includes(name)));
}

/** Lets packages start no service until what it returns is called, or this process is ended. */
function forbidServices() {
  if (existsSync(servicePolicy)) return () => {};
  writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const end = () => {
    rmSync(servicePolicy, { force: true });
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, end);
  return () => {
    rmSync(servicePolicy, { force: true });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, end);
  };
}

/** Has the services of packages that were just installed not start with the machine. */
function keepServicesOff(installed) {
  for (const service of new Set(installed.flatMap((name) => services[name] ?? []))) {
    const command = existsSync('/run/systemd/system')
      ? ['systemctl', 'disable', service]
      : ['update-rc.d', service, 'disable'];
    try {
      execFileSync(command[0], command.slice(1), { stdio: 'ignore' });
    } catch {
      say(`unable to keep the service ${service} from starting with the machine: ${command.join(' ')}`);
    }
  }
}

function listMissing(names) {
  let known = '';
  try {
    // Exits with 1 when a name is unknown, and still lists the others.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own notation
    known = execFileSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    known = String(error.stdout || '');
  }
  const installed = new Set(
    known
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

async function buildDashboard() {
  if (!existsSync(join(root, 'web', 'vite.config.ts'))) return;
  const hash = hashFiles(['web', 'src/base', 'src/wire', 'src/client']);
  const stamp = join(root, 'web', 'dist', '.netmon-build');
  if (readOr(stamp, '') === hash) return;
  await step(
    'building the dashboard',
    [
      node,
      join(modules, 'vite', 'bin', 'vite.js'),
      'build',
      '--config',
      'web/vite.config.ts',
      '--logLevel',
      'warn',
    ],
    'see the lines above',
    { NODE_ENV: 'production' },
  );
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

async function fillCompileCache() {
  const cache = join(modules, '.cache', 'netmon');
  const stamp = join(cache, '.filled');
  const hash = hashFiles(['src', 'bin']);
  if (readOr(stamp, '') === hash) return;
  try {
    rmSync(cache, { recursive: true, force: true });
    execFileSync(join(root, 'bin', 'netmon'), ['warm-up'], { stdio: 'ignore' });
    writeFileSync(stamp, hash);
  } catch (error) {
    say(`unable to fill the compile cache (${error.message.split('\n')[0]}); the first start takes longer`);
  }
}

function hashFiles(folders) {
  const sum = createHash('sha256');
  for (const file of ['package-lock.json', ...folders.flatMap((folder) => listFiles(folder))])
    sum.update(`${file}\0`).update(readFileSync(join(root, file)));
  return sum.digest('hex');
}

/** Files below a folder of the repository, in a fixed order, without tests and what was built. */
function listFiles(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory())
        return entry.name === 'dist' || entry.name === 'node_modules' ? [] : listFiles(path);
      return entry.name.includes('.test.') ? [] : [path];
    });
}

/** Runs a command, saying so, with a sign of life every few seconds; its output is shown only when it fails. */
function step(title, [command, ...args], remedy, env = {}) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  say(`${title} ...`);
  const alive = setInterval(() => say(`  ... ${seconds()} s`), 5000);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-20000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => finish(error.message));
    child.on('close', (code, signal) => finish(code === 0 ? '' : `exit ${code === null ? signal : code}`));
    function finish(failure) {
      clearInterval(alive);
      if (failure === '') {
        say(`  done in ${seconds()} s`);
        resolve();
        return;
      }
      process.stderr.write(output);
      reject(new Error(`${title}: failed (${failure})${remedy === '' ? '' : `: ${remedy}`}`));
    }
  });
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

function isLink(path) {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}
