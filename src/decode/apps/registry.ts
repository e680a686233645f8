import { ajp } from './ajp.ts';
import { amqp } from './amqp.ts';
import { bacnet } from './bacnet.ts';
import { bfd } from './bfd.ts';
import { bgp } from './bgp.ts';
import { bitcoin } from './bitcoin.ts';
import { bittorrent } from './bittorrent.ts';
import { cassandra } from './cassandra.ts';
import { coap } from './coap.ts';
import { dcerpc } from './dcerpc.ts';
import { dhcp } from './dhcp.ts';
import { dhcpv6 } from './dhcpv6.ts';
import { dnp3 } from './dnp3.ts';
import { dns, llmnr, mdns } from './dns/dns.ts';
import { dropboxLan } from './dropbox-lan.ts';
import { fix } from './fix.ts';
import { ftp } from './ftp.ts';
import { gearman } from './gearman.ts';
import { git } from './git.ts';
import { gtp } from './gtp.ts';
import { hsrp } from './hsrp.ts';
import { http } from './http/http.ts';
import { http2 } from './http/http2/http2.ts';
import { ssdp } from './http/ssdp.ts';
import { iec104 } from './iec104.ts';
import { ike } from './ike.ts';
import { imap } from './imap.ts';
import { irc } from './irc.ts';
import { iscsi } from './iscsi.ts';
import { kafka } from './kafka.ts';
import { kerberos } from './kerberos.ts';
import { l2tp } from './l2tp.ts';
import { ldap } from './ldap.ts';
import { memcached } from './memcached.ts';
import { modbus } from './modbus.ts';
import { mongodb } from './mongodb.ts';
import { mqtt } from './mqtt.ts';
import { mysql } from './mysql.ts';
import { natPmp } from './nat-pmp.ts';
import { nats } from './nats.ts';
import { netbiosDgm, netbiosNs } from './netbios.ts';
import { netflow } from './netflow.ts';
import { nntp } from './nntp.ts';
import { ntp } from './ntp.ts';
import { opcua } from './opcua.ts';
import { openvpn } from './openvpn.ts';
import { oracle } from './oracle.ts';
import { pop3 } from './pop3.ts';
import { postgresql } from './postgresql.ts';
import { pptp } from './pptp.ts';
import type { AppProtocol } from './protocol.ts';
import { proxyProtocol } from './proxy-protocol.ts';
import { quic } from './quic/quic.ts';
import { radius } from './radius.ts';
import { raknet } from './raknet.ts';
import { rdp } from './rdp.ts';
import { redis } from './redis.ts';
import { rip } from './rip.ts';
import { rpc } from './rpc.ts';
import { rsync } from './rsync.ts';
import { rtcp } from './rtcp.ts';
import { rtmp } from './rtmp.ts';
import { rtps } from './rtps.ts';
import { rtsp } from './rtsp.ts';
import { s7comm } from './s7comm.ts';
import { sflow } from './sflow.ts';
import { sip } from './sip.ts';
import { smb } from './smb.ts';
import { smtp } from './smtp.ts';
import { snmp } from './snmp.ts';
import { socks } from './socks.ts';
import { someip } from './someip.ts';
import { ssh } from './ssh.ts';
import { stun, turn } from './stun.ts';
import { syslog } from './syslog.ts';
import { tds } from './tds.ts';
import { telnet } from './telnet.ts';
import { tftp } from './tftp.ts';
import { dtls } from './tls/dtls.ts';
import { tls } from './tls/tls.ts';
import { vnc } from './vnc.ts';
import { wireguard } from './wireguard.ts';
import { wsDiscovery } from './ws-discovery.ts';
import { x11 } from './x11.ts';
import { xmpp } from './xmpp.ts';
import { zabbix } from './zabbix.ts';

/** Every application protocol, the strictest first: they are asked in this order, after those with the port. */
export const appProtocols: readonly AppProtocol[] = [
  ...tls,
  quic,
  dtls,
  ssh,
  vnc,
  rsync,
  amqp,
  nats,
  fix,
  gearman,
  zabbix,
  bittorrent,
  netbiosNs,
  netbiosDgm,
  mdns,
  llmnr,
  dns,
  dhcp,
  openvpn,
  wireguard,
  ike,
  turn,
  stun,
  sip,
  rtsp,
  snmp,
  radius,
  rtcp,
  tftp,
  syslog,
  raknet,
  rtps,
  wsDiscovery,
  dropboxLan,
  netflow,
  sflow,
  someip,
  bacnet,
  l2tp,
  gtp,
  bfd,
  hsrp,
  rip,
  natPmp,
  dhcpv6,
  ntp,
  coap,
  opcua,
  git,
  proxyProtocol,
  bgp,
  bitcoin,
  smb,
  pptp,
  iscsi,
  mqtt,
  postgresql,
  mysql,
  mongodb,
  kafka,
  rpc,
  ldap,
  kerberos,
  dcerpc,
  tds,
  oracle,
  xmpp,
  ajp,
  x11,
  redis,
  ...http2,
  http,
  ssdp,
  smtp,
  ftp,
  pop3,
  imap,
  nntp,
  irc,
  memcached,
  rdp,
  s7comm,
  cassandra,
  telnet,
  socks,
  dnp3,
  modbus,
  iec104,
  rtmp,
];

/** Finds the protocols to ask about a conversation, those of its server's port first. */
export class AppRegistry {
  /** By transport, and by transport and port. */
  readonly #all = new Map<'tcp' | 'udp', readonly AppProtocol[]>();
  readonly #byPort = new Map<number, readonly AppProtocol[]>();

  constructor(protocols: readonly AppProtocol[] = appProtocols) {
    for (const transport of ['tcp', 'udp'] as const) {
      const all = protocols.filter((one) => one.transports.includes(transport));
      this.#all.set(transport, all);
      for (const protocol of all)
        for (const port of protocol.ports) {
          const key = keyOf(transport, port);
          if (!this.#byPort.has(key)) this.#byPort.set(key, [...new Set([protocol, ...all])]);
        }
    }
  }

  candidates(transport: 'tcp' | 'udp', clientPort: number, serverPort: number): readonly AppProtocol[] {
    return (
      this.#byPort.get(keyOf(transport, serverPort)) ??
      this.#byPort.get(keyOf(transport, clientPort)) ??
      this.#all.get(transport) ??
      []
    );
  }

  /** The application that the port stands for; null for none. */
  nameOfPort(transport: 'tcp' | 'udp', port: number): string | null {
    return this.#byPort.get(keyOf(transport, port))?.[0].name ?? null;
  }

  /** What each port speaks of, by `tcp 22`. */
  portNames(): Record<string, string> {
    const named = [...this.#byPort].map(([key, [{ name }]]) => [
      `${key > 0xffff ? 'udp' : 'tcp'} ${key & 0xffff}`,
      name,
    ]);
    return Object.fromEntries(named) as Record<string, string>;
  }

  isServerPort(port: number, transport: 'tcp' | 'udp'): boolean {
    return this.#byPort.has(keyOf(transport, port));
  }
}

const keyOf = (transport: 'tcp' | 'udp', port: number): number =>
  transport === 'tcp' ? port : port | 0x10000;
