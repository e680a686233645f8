import { type Cidr, parseCidr } from '../base/ip.ts';
import { listValue, type ValueKind } from './values.ts';

/** Kinds of networks that a rule may name, beside CIDRs. */
export const networkNames = ['public', 'private', 'loopback', 'link-local'] as const;
export type NetworkName = (typeof networkNames)[number];

/** One rule on which addresses probes may reach. */
export interface AddressRule {
  /** As it was written, for messages. */
  readonly text: string;
  readonly forbids: boolean;
  readonly network: NetworkName | Cidr;
}

/** `public,private,10.1.0.0/16,!10.1.2.3`: what is listed may be reached, but for what has a `!`. */
export const probeNetworksValue: ValueKind<readonly AddressRule[]> = {
  ...listValue('NETWORKS'),
  parse: (text) => {
    const rules = (listValue('NETWORKS').parse(text) ?? []).map(readRule);
    return rules.every((rule) => rule !== null) ? rules : undefined;
  },
  expected: `some of ${networkNames.join(', ')} and networks such as 10.0.0.0/8, or !10.1.2.3 for all but that`,
};

function readRule(text: string): AddressRule | null {
  const forbids = text.startsWith('!');
  const rest = forbids ? text.slice(1) : text;
  const network = networkNames.find((name) => name === rest) ?? parseCidr(rest);
  return network && { text, forbids, network };
}
