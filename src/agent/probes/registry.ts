import type { ProbeKind } from '../../wire/probe.ts';
import { makeDnsProbe } from './dns.ts';
import { Echoes } from './echoes.ts';
import { makeHttpProbe } from './http/http.ts';
import { makeIcmpProbe } from './icmp.ts';
import { Names } from './names/names.ts';
import { makeNtpProbe } from './ntp.ts';
import type { ProbeType } from './probe.ts';
import { SocketWatch } from './socket-watch.ts';
import { makeTcpProbe } from './tcp.ts';
import { makeTrust } from './tls.ts';
import { makeTracerouteProbe } from './traceroute.ts';
import { makeUdpProbe } from './udp.ts';

/** Kinds of probes by name; one that is missing cannot be carried out. */
export type ProbeTypes = { readonly [K in ProbeKind]?: ProbeType<K> };

/** What all probes of this process share; nothing is open before the first of them needs it. */
const watch = new SocketWatch();
const names = new Names();
const trust = makeTrust();
const echoes = new Echoes(watch);

/** What this program can probe: a line for each kind. */
export const probeTypes: ProbeTypes = {
  icmp: makeIcmpProbe(names, echoes),
  dns: makeDnsProbe(names, watch, trust),
  ntp: makeNtpProbe(names, watch),
  tcp: makeTcpProbe(names, trust),
  traceroute: makeTracerouteProbe(names, watch, echoes),
  udp: makeUdpProbe(names, watch),
  http: makeHttpProbe(names, trust),
};
