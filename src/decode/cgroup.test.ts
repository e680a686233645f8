import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCgroupPath } from './cgroup.ts';

const id = '0123456789ab'.padEnd(64, 'c');
const pod = '12345678-1234-1234-1234-123456789abc';
const podUnit = pod.replaceAll('-', '_');

/** Path, container, unit. */
const table: ReadonlyArray<readonly [string, string | null, string | null]> = [
  ['/', null, null],
  ['', null, null],
  [`/system.slice/docker-${id}.scope`, 'docker:0123456789ab', null],
  [`/docker/${id}`, 'docker:0123456789ab', null],
  [`/docker/${id}/system.slice/nginx.service`, 'docker:0123456789ab', 'nginx.service'],
  [`/docker/${id}/docker/${'f'.repeat(64)}`, 'docker:ffffffffffff', null],
  [
    `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container`,
    'podman:0123456789ab',
    null,
  ],
  [`/machine.slice/libpod-${id}.scope`, 'podman:0123456789ab', null],
  [`/libpod_parent/libpod-${id}`, 'podman:0123456789ab', null],
  [`/machine.slice/libpod-conmon-${id}.scope`, null, `libpod-conmon-${id}.scope`],
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${podUnit}.slice/cri-containerd-${id}.scope`,
    `containerd:0123456789ab (pod ${pod})`,
    null,
  ],
  [`/kubepods.slice/kubepods-pod${podUnit}.slice/crio-${id}.scope`, `cri-o:0123456789ab (pod ${pod})`, null],
  [`/kubepods/besteffort/pod${pod}/${id}`, `kubernetes:0123456789ab (pod ${pod})`, null],
  [
    `/system.slice/containerd.service/kubepods-besteffort-pod${podUnit}.slice:cri-containerd:${id}`,
    `containerd:0123456789ab (pod ${pod})`,
    null,
  ],
  [`/ecs/${'a'.repeat(32)}/${'a'.repeat(32)}-1234567890`, 'ecs:aaaaaaaaaaaa', null],
  ['/lxc/web1', 'lxc:web1', null],
  ['/lxc.payload.web1/system.slice/cron.service', 'lxc:web1', 'cron.service'],
  ['/lxc.monitor.web1', null, null],
  ['/machine.slice/machine-web\\x2d1.scope', 'nspawn:web-1', null],
  ['/machine.slice/systemd-nspawn@web.service/payload', 'nspawn:web', null],
  ['/machine.slice/machine-qemu\\x2d3\\x2dvm.scope/libvirt/emulator', 'qemu:vm', null],
  ['/system.slice/nginx.service', null, 'nginx.service'],
  ['/system.slice/system-getty.slice/getty@tty1.service', null, 'getty@tty1.service'],
  ['/user.slice/user-1000.slice/session-2.scope', null, 'session-2.scope'],
  [
    '/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-1234.scope',
    null,
    'app-firefox-1234.scope',
  ],
  ['/user.slice/user-1000.slice/user@1000.service/app.slice/pipewire.service', null, 'pipewire.service'],
  ['/system.slice/foo.service/delegated/child', null, 'foo.service'],
  ['/init.scope', null, 'init.scope'],
  ['/system.slice', null, null],
  [`/build/${id}`, null, null],
  [`/${'x/'.repeat(5000)}`, null, null],
];

describe('parseCgroupPath', () => {
  for (const [path, container, unit] of table) {
    it(`finds ${container} and ${unit} in ${path.slice(0, 60)}`, () => {
      const owner = parseCgroupPath(path);
      assert.deepEqual([owner.container, owner.unit], [container, unit]);
    });
  }

  it('keeps the full id of a container', () => {
    assert.equal(parseCgroupPath(`/docker/${id}`).containerId, id);
    assert.equal(parseCgroupPath('/lxc/web1').containerId, null);
  });
});
