import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';

/** What a test across processes may need of the machine that runs it. */
const needs = {
  root: () => (process.getuid?.() === 0 ? null : 'needs root'),
  gcc: () => findCommand('gcc'),
  namespaces: () => findCommand('ip') ?? findCommand('nsenter') ?? tryCommand('unshare', ['--net', 'true']),
  diskImages: () =>
    findCommand('mkfs.ext4') ??
    findCommand('fsfreeze') ??
    (existsSync('/dev/loop-control') ? null : 'needs loop devices (/dev/loop-control is missing)') ??
    tryCommand('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'true']) ??
    tryDiskImage(),
  tmpfs: () => tryCommand('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']),
  nft: () => findCommand('nft'),
  bpf: () =>
    existsSync('/sys/kernel/btf/vmlinux')
      ? findPidNamespace()
      : 'needs a kernel with BTF (/sys/kernel/btf/vmlinux is missing)',
  pids: findPidNamespace,
  bpftool: () => findCommand('bpftool'),
  socketDestroy: () => findCommand('ss'),
  nginx: () => findCommand('nginx'),
  dnsmasq: () => findCommand('dnsmasq'),
  chronyd: () => findCommand('chronyd'),
  named: () => findCommand('named') ?? findCommand('dnssec-signzone'),
  aiosmtpd: () => findCommand('aiosmtpd'),
  dovecot: () => findCommand('dovecot'),
  wrk: () => findCommand('wrk'),
  curl: () => findCommand('curl'),
  blackbox: () => findCommand('prometheus-blackbox-exporter'),
  openssl: () => findCommand('openssl'),
  nghttp2: () => findCommand('nghttp') ?? findCommand('nghttpd') ?? findCommand('nghttpx'),
  ngtcp2: () => findCommand('gtlsclient') ?? findCommand('gtlsserver'),
} as const;
export type Need = keyof typeof needs;

/** False when everything is there, otherwise the reason for skipping: pass it to a test's `skip`. */
export function missing(...wanted: readonly Need[]): string | false {
  for (const need of wanted) {
    const reason = needs[need]();
    if (reason !== null) return reason;
  }
  return false;
}

/** BPF programs know processes by their numbers in the first PID namespace (PROC_PID_INIT_INO of the kernel). */
function findPidNamespace(): string | null {
  const own = '/proc/self/ns/pid';
  if (!existsSync(own) || readlinkSync(own) === 'pid:[4026531836]') return null;
  return 'needs the PID namespace of the machine, this is one of a container';
}

function findCommand(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(`${folder}/${name}`)) ? null : `needs the command ${name}`;
}

/** Mounts a small image in a mount namespace, which takes the mount and its loop device along when it ends. */
function tryDiskImage(): string | null {
  const steps = [
    'trap "rm -rf $dir" EXIT',
    'truncate -s 4M $dir/image',
    'mkfs.ext4 -q $dir/image',
    'mkdir $dir/mount',
    'mount -o loop $dir/image $dir/mount',
    'fsfreeze --freeze $dir/mount',
    'fsfreeze --unfreeze $dir/mount',
    'umount $dir/mount',
  ];
  return tryCommand('unshare', ['--mount', 'sh', '-ec', `dir=$(mktemp -d); ${steps.join('; ')}`]);
}

function tryCommand(file: string, args: readonly string[]): string | null {
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return null;
  } catch {
    return `needs the privilege for: ${file} ${args.join(' ')}`;
  }
}
