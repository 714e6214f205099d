/** How to reach valkey: the variables, and the options of the client made of them. Addresses may hold a password: they are secrets. */
import { certificates, duration, type Field, secret, text, type Values } from '@precede/service';

const rule =
  'an address such as redis://HOST:6379, rediss://USER:PASSWORD@HOST:6379/0 (TLS), valkey:// or valkeys://';
const protocols = /^(?:redis|valkey)(s?):$/;

const address = (meaning: string): Field<string> => ({
  ...secret(meaning, ''),
  rule,
  parse: (value) => {
    if (value === '' || isAddress(URL.parse(value))) return value;
    throw new Error(`must be ${rule}`);
  },
});

const isAddress = (url: URL | null): boolean =>
  url !== null && protocols.test(url.protocol) && url.hostname !== '' && /^\/?\d*$/.test(url.pathname);

export const valkeyFields = {
  PRECEDE_ENFORCER_VALKEY_URL: address(
    'The valkey or redis server of sessions and rate limits; empty: none.',
  ),
  PRECEDE_ENFORCER_VALKEY_PASSWORD: secret('Password for valkey, if it is not in the address.', ''),
  PRECEDE_ENFORCER_VALKEY_TLS_CA: certificates(
    'Certificate authority of valkey, with rediss://; empty: those that Node trusts.',
  ),
  PRECEDE_ENFORCER_VALKEY_PREFIX: text('Put before each key in valkey.', 'precede:'),
  PRECEDE_ENFORCER_VALKEY_CONNECT_TIMEOUT: duration('Longest time to connect to valkey.', '2s'),
  PRECEDE_ENFORCER_VALKEY_TIMEOUT: duration(
    'Longest time for one command of valkey; later the fail mode answers. A request may need three: below a third of PRECEDE_ENFORCER_DEADLINE.',
    '15ms',
  ),
} as const;

export type ValkeyConfig = Values<typeof valkeyFields>;

/** Where the server is and how to log in, as the client takes it. */
export interface ValkeyAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly host: string; readonly ca?: string };
}

export const addressOf = (config: ValkeyConfig): ValkeyAddress => {
  const url = new URL(config.PRECEDE_ENFORCER_VALKEY_URL);
  const password = config.PRECEDE_ENFORCER_VALKEY_PASSWORD || decodeURIComponent(url.password);
  const ca = config.PRECEDE_ENFORCER_VALKEY_TLS_CA;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1)),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(password === '' ? {} : { password }),
    ...(protocols.exec(url.protocol)?.[1] === 's' ? { tls: { host, ...(ca === '' ? {} : { ca }) } } : {}),
  };
};
