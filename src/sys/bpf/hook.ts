export type HookSide = 'ingress' | 'egress';

/** A program on an interface. Disposal takes it off. */
export interface InterfaceHook extends Disposable {
  /** `tcx` leaves with the process by itself; `clsact` stays after SIGKILL, until the next start or `netmon down`. */
  readonly kind: 'tcx' | 'clsact';
}
