import { readdirSync, readlinkSync } from 'node:fs';
import { errnoName } from '../../base/errno.ts';
import { NetmonError } from '../../base/errors.ts';
import { NetlinkSocket, netlinkFamilies } from '../netlink.ts';
import type { HookSide, InterfaceHook } from './hook.ts';
import { getLibbpf } from './libbpf.ts';

/** enum bpf_tc_attach_point of libbpf. */
const attachPoints = { ingress: 1, egress: 2 } as const;
const hookBytes = 24;
const optionsBytes = 32;
const flagReplace = 1;
/** RTM_GETTFILTER, RTM_NEWTFILTER; struct tcmsg; the parents of clsact (include/uapi/linux/pkt_sched.h). */
const messages = { get: 46, new: 44 } as const;
const tcmsg = { index: 4, handle: 8, parent: 12, info: 16, bytes: 20 } as const;
const parents = { ingress: 0xfffffff2, egress: 0xfffffff3 } as const;
const sides = ['ingress', 'egress'] as const;
/** Under which our filters are found again: what ends by SIGKILL leaves them behind. */
const priority = 0xc06d;
/** A handle is a letter of ours, whether the queueing discipline was made for it, and the process (at most 22 bits). */
const letter = 0x6e;
const madeBit = 1 << 22;
const processBits = madeBit - 1;

interface Filter {
  readonly side: HookSide;
  readonly handle: number;
  readonly ours: boolean;
}

/**
 * Attaches a tc program as a filter of the clsact queueing discipline (Linux 4.5), which it makes if need be. Throws
 * NM_SYSTEM with the errno.
 */
export function attachClsact(programFd: number, index: number, side: HookSide): InterfaceHook {
  const lib = getLibbpf();
  const hook = makeHook(index, attachPoints[side]);
  const made = lib.createHook(hook);
  if (made < 0 && errnoName(-made) !== 'EEXIST')
    throw new NetmonError('NM_SYSTEM', `unable to prepare interface ${index}: ${errnoName(-made)}`);
  const own = listFilters(index).some(({ handle }) => isOf(handle, process.pid) && handle & madeBit);
  const handle = ((letter << 24) | (made === 0 || own ? madeBit : 0) | (process.pid & processBits)) >>> 0;
  const result = lib.attachFilter(hook, makeOptions(programFd, flagReplace, handle));
  if (result < 0)
    throw new NetmonError('NM_SYSTEM', `unable to attach to interface ${index}: ${errnoName(-result)}`);
  return { kind: 'clsact', [Symbol.dispose]: () => remove(index, [{ side, handle, ours: true }]) };
}

/** Takes off an interface what netmons have left that no longer run; the answer is how many filters. */
export function removeLeftFilters(index: number): number {
  const left = listFilters(index).filter(({ handle, ours }) => ours && !isHeld(handle & processBits));
  remove(index, left);
  return left.length;
}

/** Removes filters, and the discipline that was made for them if nobody else has put anything into it. */
function remove(index: number, filters: readonly Filter[]): void {
  const lib = getLibbpf();
  for (const { side, handle } of filters)
    lib.detachFilter(makeHook(index, attachPoints[side]), makeOptions(0, 0, handle));
  if (filters.some(({ handle }) => handle & madeBit) && listFilters(index).length === 0)
    lib.destroyHook(makeHook(index, attachPoints.ingress | attachPoints.egress));
}

/** The filters of an interface of the thread's network namespace; none where there is no clsact. */
function listFilters(index: number): Filter[] {
  const found: Filter[] = [];
  using socket = new NetlinkSocket(netlinkFamilies.route);
  for (const side of sides) {
    const request = new DataView(new ArrayBuffer(tcmsg.bytes));
    request.setInt32(tcmsg.index, index, true);
    request.setUint32(tcmsg.parent, parents[side], true);
    try {
      socket.dump(messages.get, new Uint8Array(request.buffer), (view, { type, from, end }) => {
        if (type !== messages.new || from + tcmsg.bytes > end) return;
        const handle = view.getUint32(from + tcmsg.handle, true);
        // Each priority is told of by itself, before its filters.
        if (handle === 0) return;
        const ours = view.getUint32(from + tcmsg.info, true) >>> 16 === priority && handle >>> 24 === letter;
        found.push({ side, handle, ours });
      });
    } catch {
      // The interface has gone, or has no such side.
    }
  }
  return found;
}

const isOf = (handle: number, pid: number): boolean =>
  handle >>> 24 === letter && (handle & processBits) === (pid & processBits);

/** Whether a process that holds BPF programs has this number: that of a filter does, to its end. */
function isHeld(pid: number): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => readLink(`${folder}/${fd}`) === 'anon_inode:bpf-prog');
  } catch {
    return false;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** struct bpf_tc_hook. */
function makeHook(index: number, attachPoint: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(hookBytes));
  view.setBigUint64(0, BigInt(hookBytes), true);
  view.setInt32(8, index, true);
  view.setUint32(12, attachPoint, true);
  return new Uint8Array(view.buffer);
}

/** struct bpf_tc_opts. */
function makeOptions(programFd: number, flags: number, handle: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(optionsBytes));
  view.setBigUint64(0, BigInt(optionsBytes), true);
  view.setInt32(8, programFd, true);
  view.setUint32(12, flags, true);
  view.setUint32(20, handle, true);
  view.setUint32(24, priority, true);
  return new Uint8Array(view.buffer);
}
