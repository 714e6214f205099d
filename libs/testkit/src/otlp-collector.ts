/**
 * A collector of traces as tests need it: takes OTLP over HTTP with protobuf bodies and reads them by a schema of its
 * own (opentelemetry.proto.collector.trace.v1), so that what is sent is checked against the protocol and not the sender.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';

export interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it begins its trace. */
  readonly parentId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
}

/** `silent`: takes requests and never answers. */
export type CollectorMood = 'taking' | 'failing' | 'silent';

export interface OtlpCollector {
  readonly url: string;
  readonly spans: CollectedSpan[];
  /** Headers of each request. */
  readonly requests: readonly IncomingHttpHeaders[];
  mood: CollectorMood;
  close(): Promise<void>;
}

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15;
  }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string text = 1; bool truth = 2; int64 whole = 3; double number = 4; } }
`);
const requestType = root.lookupType('Request');

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface WireSpan {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId?: Buffer;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: number;
  readonly endTimeUnixNano: number;
  readonly attributes?: readonly KeyValue[];
  readonly links?: readonly { readonly traceId: Buffer; readonly spanId: Buffer }[];
  readonly status?: { readonly code: number };
}
interface WireRequest {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly WireSpan[] }[];
  }[];
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const hex = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString('hex');

const attributesOf = (pairs: readonly KeyValue[] = []): Record<string, unknown> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));

const spanOf = (service: string, span: WireSpan): CollectedSpan => ({
  service,
  name: span.name,
  kind: kinds[span.kind] ?? String(span.kind),
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentId: hex(span.parentSpanId),
  startMs: span.startTimeUnixNano / 1e6,
  endMs: span.endTimeUnixNano / 1e6,
  attributes: attributesOf(span.attributes),
  links: (span.links ?? []).map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
  isError: span.status?.code === 2,
});

const spansIn = (body: Buffer): readonly CollectedSpan[] => {
  const request = requestType.toObject(requestType.decode(body), { longs: Number }) as WireRequest;
  return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => spanOf(service, span)));
  });
};

export const startOtlpCollector = async (): Promise<OtlpCollector> => {
  const spans: CollectedSpan[] = [];
  const requests: IncomingHttpHeaders[] = [];
  const collector = { mood: 'taking' as CollectorMood };
  const take = (path: string, headers: IncomingHttpHeaders, body: Buffer, response: ServerResponse): void => {
    requests.push(headers);
    if (collector.mood === 'silent') return;
    const isTaken = collector.mood === 'taking' && path === '/v1/traces';
    if (isTaken) spans.push(...spansIn(body));
    response.writeHead(isTaken ? 200 : 400, { 'content-type': 'application/x-protobuf' }).end();
  };
  const server = createServer((request, response) => {
    buffer(request).then(
      (body) => take(request.url ?? '', request.headers, body, response),
      () => {},
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(collector, { url, spans, requests, close });
};
