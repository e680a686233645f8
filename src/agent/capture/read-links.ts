import { decodeLink, type LinkMessage, rtnetlinkTypes } from '../../decode/rtnetlink.ts';
import { NetlinkSocket, netlinkFamilies } from '../../sys/netlink.ts';

/** The links of the network namespace that the thread is in. Throws NM_SYSTEM. */
export function readLinks(): LinkMessage[] {
  using socket = new NetlinkSocket(netlinkFamilies.route);
  const links: LinkMessage[] = [];
  socket.dump(rtnetlinkTypes.getLink, new Uint8Array(16), (view, { from, end }) => {
    const link = decodeLink(view, from, end);
    if (link) links.push(link);
  });
  return links;
}
