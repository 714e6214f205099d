/**
 * How each peer is asked and how its answer reads. Texts differ in seven digits from session to session, so requests are
 * made once a lane and operation and the digits are written into them: asking must cost less than answering.
 */
import { field, message, valueIn } from './enforcer-peers-protobuf.ts';
import { ends, operations, paths, startsOf } from './enforcer-peers-zone.ts';
import { zoneId } from './enforcer-zone.ts';

export interface Question {
  readonly session: number;
  readonly operation: number;
  /** What the session did before, oldest first; only where the server keeps no sessions. */
  readonly lookback: readonly number[];
}

export interface Dialect {
  /** An HTTP request or a gRPC message, whole; good until the lane asks again. */
  ask(lane: number, question: Question): Buffer;
  /** Throws for an answer that is neither. */
  isDenied(answer: Buffer): boolean;
}

/** Of the service and method, for gRPC. */
export const GrpcPath = {
  extAuthz: '/envoy.service.auth.v3.Authorization/Check',
  rateLimit: '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit',
} as const;

const digits = '0000000';
const mark = `s${digits}`;
/** Rules of ratelimit, and requests that a session may make under its rule. */
export const rateRules = 100;
export const rateLimit = 20;

const host = 'shop.example.com';
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) bench';

/** Fills in the session of a text that `make` gives once for a lane and variant. */
const templates = (make: (variant: number) => Buffer) => {
  const made: { readonly bytes: Buffer; readonly at: number }[][] = [];
  return (lane: number, variant: number, session: number): Buffer => {
    made[lane] ??= [];
    const known = made[lane][variant];
    const template = known ?? madeOf(make(variant));
    made[lane][variant] ??= template;
    let rest = session;
    for (let i = digits.length; i > 0; i--) {
      template.bytes[template.at + i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return template.bytes;
  };
};

const madeOf = (bytes: Buffer) => ({ bytes, at: bytes.indexOf(mark) });

const post = (path: string, body: string): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );

const oneOf = (answer: Buffer, allowed: string, denied: string): boolean => {
  const text = answer.toString('latin1');
  if (text.includes(denied)) return true;
  if (text.includes(allowed)) return false;
  throw new Error(`neither ${allowed} nor ${denied}: ${text.slice(0, 500)}`);
};

/** POST /v1/decide; the floor is asked the same. */
export const precedeHttp = (): Dialect => {
  const template = templates((operation) =>
    post(
      '/v1/decide',
      JSON.stringify({
        zone_id: zoneId,
        method: 'GET',
        host,
        path: paths[operation],
        headers: { 'user-agent': userAgent, accept: '*/*', cookie: `sid=${mark}; theme=dark` },
      }),
    ),
  );
  return {
    ask: (lane, { session, operation }) => template(lane, operation, session),
    isDenied: (answer) => oneOf(answer, '"decision":"allow"', '"decision":"deny"'),
  };
};

/** Envoy's CheckRequest as Envoy fills it, and CheckResponse; the floor is asked the same. */
export const extAuthz = (): Dialect => {
  const header = (name: string, value: string): Buffer => field(3, message(field(1, name), field(2, value)));
  const template = templates((operation) => {
    const path = paths[operation] ?? '/';
    const http = message(
      field(1, '11111111111111111111'),
      field(2, 'GET'),
      ...[header(':authority', host), header(':path', path), header(':method', 'GET')],
      ...[
        header('user-agent', userAgent),
        header('accept', '*/*'),
        header('cookie', `sid=${mark}; theme=dark`),
      ],
      ...[
        header('x-forwarded-proto', 'https'),
        header('x-request-id', '11111111-1111-4111-8111-111111111111'),
      ],
      ...[field(4, path), field(5, host), field(6, 'https'), field(10, 'HTTP/1.1')],
    );
    return field(1, field(4, field(2, http)));
  });
  return {
    ask: (lane, { session, operation }) => template(lane, operation, session),
    isDenied: (answer) => {
      const status = valueIn(answer, 1);
      const code = status instanceof Buffer ? (valueIn(status, 1) ?? 0) : 0;
      if (code !== 0 && code !== 7) throw new Error(`CheckResponse with status ${String(code)}`);
      return code === 7;
    },
  };
};

/** OPA's data API. The lookback travels in the input, as OPA keeps no sessions. */
export const opaHttp = (): Dialect => {
  const ids = operations.map((each) => JSON.stringify(each.operationId));
  return {
    ask: (_lane, { operation, lookback }) =>
      post(
        '/v1/data/precede/allow',
        `{"input":{"operation":${ids[operation]},"lookback":[${lookback.map((each) => ids[each]).join()}]}}`,
      ),
    isDenied: (answer) => oneOf(answer, '"result":true', '"result":false'),
  };
};

/** The policy of the zone: an operation with rules must be preceded by one of their starts. */
export const opaPolicy = (): { readonly rego: string; readonly data: string } => {
  const id = (n: number): string => operations[n]?.operationId ?? '';
  const rules = Object.fromEntries([...ends].map((end) => [id(end), startsOf(end).map(id)]));
  const rego = [
    'package precede',
    'default allow := false',
    'allow if not data.rules[input.operation]',
    'allow if {\n  some start in data.rules[input.operation]\n  start in input.lookback\n}',
  ];
  return { rego: `${rego.join('\n')}\n`, data: JSON.stringify({ rules }) };
};

/** ratelimit's JSON interface: one rule and one session a request. */
export const rateHttp = (): Dialect => {
  const template = templates((rule) =>
    post(
      '/json',
      JSON.stringify({
        domain: 'precede',
        descriptors: [
          {
            entries: [
              { key: 'rule', value: `r${rule}` },
              { key: 'session', value: mark },
            ],
          },
        ],
      }),
    ),
  );
  return {
    ask: (lane, { session }) => template(lane, session % rateRules, session),
    isDenied: (answer) => oneOf(answer, '"overallCode":"OK"', '"overallCode":"OVER_LIMIT"'),
  };
};

export const rateGrpc = (): Dialect => {
  const entry = (key: string, value: string): Buffer => field(1, message(field(1, key), field(2, value)));
  const template = templates((rule) =>
    message(field(1, 'precede'), field(2, message(entry('rule', `r${rule}`), entry('session', mark)))),
  );
  return {
    ask: (lane, { session }) => template(lane, session % rateRules, session),
    isDenied: (answer) => {
      const code = valueIn(answer, 1);
      if (code !== 1 && code !== 2) throw new Error(`RateLimitResponse with code ${String(code)}`);
      return code === 2;
    },
  };
};

/** A year is its longest period: no border falls into a run. */
export const ratePolicy = (): string =>
  [
    'domain: precede',
    'descriptors:',
    ...Array.from(
      { length: rateRules },
      (_, n) =>
        `  - key: rule\n    value: r${n}\n    descriptors:\n      - key: session\n        rate_limit:\n          unit: year\n          requests_per_unit: ${rateLimit}`,
    ),
  ].join('\n');
