/**
 * Every field that an expression about a request can name: what the parser resolves names and types with, and what the
 * console lists. Names, types and meanings are those of the public reference of the Rules language: String and Bytes are
 * `bytes` here, Number and Integer `int`. Fields of responses and of packets are not among them; no value is computed here.
 */
import type { Type } from '../types.ts';
import { bodyFields } from './body.ts';
import { botFields } from './bots.ts';
import { cloudflareFields } from './cloudflare.ts';
import { connectionFields } from './connection.ts';
import { detectionFields } from './detections.ts';
import { httpFields } from './http.ts';
import { ipFields } from './ip.ts';
import { jwtFields } from './jwt.ts';
import { precedeFields } from './precede.ts';
import { rawFields } from './raw.ts';
import { tlsFields } from './tls.ts';

/** Who gives a field its value. A field that nobody fills is missing: every comparison with it is false. */
export const FieldSource = {
  /** Derived from the request: method, URI, headers, cookies, body. */
  request: 'request',
  /** What every gateway knows of the connection. */
  connection: 'connection',
  /** The operations of the session so far. */
  sequence: 'sequence',
  /** When the request came. */
  time: 'time',
  /** Zone, operations, session identifiers and tokens as Precede has them; identity and randomness of the request. */
  precede: 'precede',
  /** Only if the gateway passes it along: geography, TLS fingerprints, verdicts of other engines. */
  metadata: 'metadata',
  /** Has no meaning outside Cloudflare. Declared so that a rule written for it compiles; always missing. */
  nobody: 'nobody',
} as const;
export type FieldSource = (typeof FieldSource)[keyof typeof FieldSource];

export interface Field {
  readonly name: string;
  readonly type: Type;
  /** One line of at most 110 characters, without a full stop. */
  readonly doc: string;
  readonly filledBy: FieldSource;
  /** The gateway has to buffer the body and send it. */
  readonly needsBody?: true;
  /** Another field that always has the same value; this one is written in older rules. */
  readonly aliasOf?: string;
  /** A plain value (of an array or a map: of one item) as a rule writes it. */
  readonly example?: string;
}

const byName = (a: Field, b: Field): number => (a.name < b.name ? -1 : 1);

/** Sorted by name, in the order of bytes. */
export const fields: readonly Field[] = [
  ...bodyFields,
  ...botFields,
  ...cloudflareFields,
  ...connectionFields,
  ...detectionFields,
  ...httpFields,
  ...ipFields,
  ...jwtFields,
  ...precedeFields,
  ...rawFields,
  ...tlsFields,
].sort(byName);

export const fieldByName: ReadonlyMap<string, Field> = new Map(fields.map((each) => [each.name, each]));
