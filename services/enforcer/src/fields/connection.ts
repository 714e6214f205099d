/**
 * The connection of the client. What the interface knows itself counts; where it does not, the gateway may pass the
 * field by its name, as it does those of cf.edge.
 */
import { parseAddress } from '@precede/rules';
import type { FieldContext, FieldReader, FieldReaders } from './context.ts';
import { metadataReader } from './metadata.ts';

const mappedPrefix = `${'\0'.repeat(10)}\xff\xff`;

/** A socket of both families has IPv4 clients as `::ffff:a.b.c.d`; rules name them as a.b.c.d. */
const addressOf = (text: string): string | undefined => {
  const address = parseAddress(text) ?? undefined;
  return address?.startsWith(mappedPrefix) ? address.slice(mappedPrefix.length) : address;
};

/** Names that gateways have for the protocols; others stay as they came. */
const versions: ReadonlyMap<string, string> = new Map([
  ['HTTP/2.0', 'HTTP/2'],
  ['HTTP/3.0', 'HTTP/3'],
]);

const versionOf = ({ request: { httpVersion } }: FieldContext): string | undefined =>
  httpVersion === null ? undefined : (versions.get(httpVersion) ?? httpVersion);

const elseGiven = (name: string, own: FieldReader): readonly [string, FieldReader] => {
  const given = metadataReader(name);
  return [name, (context) => own(context) ?? given(context)];
};

export const connectionReaders: FieldReaders = Object.fromEntries([
  elseGiven('ip.src', ({ request: { clientIp } }) => (clientIp === null ? undefined : addressOf(clientIp))),
  elseGiven('ssl', ({ request: { scheme } }) => (scheme === null ? undefined : scheme === 'https')),
  elseGiven('http.request.version', versionOf),
  ...['cf.edge.server_ip', 'cf.edge.server_port', 'cf.edge.client_port', 'cf.edge.client_tcp'].map(
    (name) => [name, metadataReader(name)] as const,
  ),
]);
