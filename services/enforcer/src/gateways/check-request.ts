/**
 * Envoy's CheckRequest → GatewayRequest, by hand: the fields are few, unknown ones are skipped, and no object is made
 * that is not kept. A codec made by a generator builds the whole message as objects first.
 */
import { InputError, isZoneId, type ZoneId } from '@precede/contracts';
import type { Value } from '@precede/rules';
import type { GatewayRequest } from '../gateway-request.ts';
import { readMetadata } from './check-metadata.ts';
import { clientScheme, HeaderMap } from './header-map.ts';
import { WireReader } from './wire-reader.ts';

/** A request while it is read; of one shape, whatever came. */
interface Draft {
  method: string;
  scheme: string;
  host: string;
  path: string;
  protocol: string;
  body: Uint8Array | null;
  address: string;
  zoneId: ZoneId | null;
  readonly headers: HeaderMap;
  metadata: Map<string, Value> | null;
}

const noCookies: ReadonlyMap<string, string> = new Map();
const noMetadata: ReadonlyMap<string, Value> = new Map();
/** Envoy adds it where it sends bodies; it is no header of the client. */
const partialBody = 'x-envoy-auth-partial-body';

/** Throws InputError where the bytes are no such message. */
export const readCheckRequest = (bytes: Buffer): GatewayRequest => {
  const draft: Draft = {
    ...{ method: '', scheme: '', host: '', path: '', protocol: '', body: null, address: '' },
    ...{ zoneId: null, headers: new HeaderMap(), metadata: null },
  };
  const reader = new WireReader(bytes);
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) readAttributes(reader, draft);
    else reader.skip();
  return requestOf(draft);
};

const requestOf = (draft: Draft): GatewayRequest => {
  const { headers } = draft;
  const cut = headers.take(partialBody);
  if (!headers.has('host') && draft.host !== '') headers.add('host', draft.host);
  return {
    zoneId: draft.zoneId,
    method: draft.method.toUpperCase(),
    scheme: clientScheme(headers.last('x-forwarded-proto'), draft.scheme),
    host: draft.host,
    path: draft.path,
    headers: headers.map,
    cookies: noCookies,
    session: null,
    timeMs: null,
    clientIp: draft.address === '' ? null : draft.address,
    httpVersion: draft.protocol === '' ? null : draft.protocol,
    // An empty body is not on the wire; that bodies are sent at all shows in the header.
    body: draft.body ?? (cut === undefined ? null : new Uint8Array()),
    isBodyCut: cut === 'true',
    metadata: draft.metadata ?? noMetadata,
  };
};

const readAttributes = (reader: WireReader, draft: Draft): void => {
  const outer = reader.enter();
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) draft.address = readAddress(reader);
    else if (field === 4) descend(reader, 2, () => readHttp(reader, draft));
    else if (field === 10) readExtension(reader, draft);
    else if (field === 11 || field === 13) readMetadata(reader, metadataOf(draft), field === 11);
    else reader.skip();
  reader.leave(outer);
};

const metadataOf = (draft: Draft): Map<string, Value> => {
  draft.metadata ??= new Map();
  return draft.metadata;
};

/** Steps into a message of which one field counts. */
const descend = <T>(reader: WireReader, wanted: number, read: (reader: WireReader) => T): T | undefined => {
  const outer = reader.enter();
  let value: T | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === wanted) value = read(reader);
    else reader.skip();
  reader.leave(outer);
  return value;
};

/** Peer.address.socket_address.address; a peer on a Unix socket has none. */
const readAddress = (reader: WireReader): string => descend(reader, 1, readSocketAddress) ?? '';
const readSocketAddress = (reader: WireReader): string | undefined => descend(reader, 1, readText);
const readText = (reader: WireReader): string => descend(reader, 2, (each) => each.text()) ?? '';

const readHttp = (reader: WireReader, draft: Draft): void => {
  const outer = reader.enter();
  for (let field = reader.next(); field !== 0; field = reader.next())
    switch (field) {
      case 2:
        draft.method = reader.text();
        break;
      case 3:
        readHeader(reader, draft.headers);
        break;
      case 4:
        draft.path = reader.text();
        break;
      case 5:
        draft.host = reader.text();
        break;
      case 6:
        draft.scheme = reader.text();
        break;
      case 10:
        draft.protocol = reader.text();
        break;
      case 11:
      case 12:
        draft.body = reader.bytes();
        break;
      case 13:
        descend(reader, 1, () => readHeader(reader, draft.headers));
        break;
      default:
        reader.skip();
    }
  reader.leave(outer);
};

/** An entry of the map, or a HeaderValue with `value` or `raw_value`: the numbers do not clash. */
const readHeader = (reader: WireReader, headers: HeaderMap): void => {
  const outer = reader.enter();
  let name = '';
  let value = '';
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) name = reader.text();
    else if (field === 2 || field === 3) value = reader.text();
    else reader.skip();
  reader.leave(outer);
  headers.add(name, value);
};

/** What the configuration of the route says: its zone, and values of fields. */
const readExtension = (reader: WireReader, draft: Draft): void => {
  const outer = reader.enter();
  let key = '';
  let value = '';
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) key = reader.text();
    else if (field === 2) value = reader.text();
    else reader.skip();
  reader.leave(outer);
  if (key === 'zone_id') draft.zoneId = zoneOf(value);
  else if (!metadataOf(draft).has(key)) metadataOf(draft).set(key, value);
};

const zoneOf = (text: string): ZoneId => {
  if (isZoneId(text)) return text;
  throw new InputError('/zone_id', 'context_extensions.zone_id must be 32 lower-case hex digits');
};
