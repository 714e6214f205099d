/** Functions over addresses: the network that one is in. */
import { maskAddress } from '../addresses.ts';
import { Ip } from '../types.ts';
import { define, ip, literalInt, value } from './define.ts';
import type { FunctionDefinition } from './definition.ts';

const network = (address: string, v4Bits: number, v6Bits: number): string =>
  maskAddress(address, address.length === 4 ? v4Bits : v6Bits);

export const addressFunctions: readonly FunctionDefinition[] = [
  define({
    name: 'cidr',
    doc: 'the network an address is in, by the length of the prefix for IPv4 (1 to 32) and for IPv6 (1 to 128)',
    example: 'cidr(ip.src, 24, 48) eq 192.0.2.0',
    slots: [value(ip('address')), literalInt('v4_bits', 1, 32), literalInt('v6_bits', 1, 128)],
    returns: Ip,
    bind: () => (args) => network(args[0] as string, args[1] as number, args[2] as number),
  }),
  define({
    name: 'cidr6',
    doc: 'the network an IPv6 address is in, by the length of its prefix (1 to 128); an IPv4 address as it is',
    example: 'cidr6(ip.src, 48) eq 2001:db8:77::',
    slots: [value(ip('address')), literalInt('v6_bits', 1, 128)],
    returns: Ip,
    bind: () => (args) => network(args[0] as string, 32, args[1] as number),
  }),
];
