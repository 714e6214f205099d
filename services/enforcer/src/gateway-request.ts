/**
 * One request of a client as a gateway describes it: what every interface reads its input into. Texts of the request
 * (host, path, names and values of headers and cookies) are its bytes, one UTF-16 unit 0..255 a byte, as node:http and
 * the Rules language have them: what is not UTF-8 stays what it is.
 */
import type { ZoneId } from '@precede/contracts';
import type { Value } from '@precede/rules';

/** Where an explicit session comes from, as in ingest: text alone is `explicit` with an empty name. */
export interface SessionValue {
  readonly type: 'explicit' | 'header' | 'cookie';
  readonly name: string;
  readonly value: string;
}

export interface GatewayRequest {
  /** Null: the interface says which, or the enforcer has one zone only. */
  readonly zoneId: ZoneId | null;
  /** Upper-case. */
  readonly method: string;
  /** As the client spoke to the gateway; null: not told. */
  readonly scheme: 'http' | 'https' | null;
  readonly host: string;
  /** As sent, perhaps with a query. */
  readonly path: string;
  /** By lower-case name; several values in the order of the request. */
  readonly headers: ReadonlyMap<string, string | readonly string[]>;
  /** Beside those of the cookie header, which is read where a name is not among them. */
  readonly cookies: ReadonlyMap<string, string>;
  readonly session: SessionValue | null;
  /** Simulated time, ms; null: the clock of the enforcer. */
  readonly timeMs: number | null;
  /** Address of the client as text; null: not told. */
  readonly clientIp: string | null;
  /** `HTTP/1.1`, `HTTP/2`; null: not told. */
  readonly httpVersion: string | null;
  readonly body: Uint8Array | null;
  /** Whether `body` is only the beginning. */
  readonly isBodyCut: boolean;
  /** Values of further fields by name, as the gateway knows them: `ip.src.country`. Checked against the type of the field. */
  readonly metadata: ReadonlyMap<string, Value>;
}
