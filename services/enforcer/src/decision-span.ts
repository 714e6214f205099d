/** A decision as spans: that of the interface which was asked, and in it that of the decision. Asked only where traces are on. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Attributes, type Span, type Tracing, traceparentHeader } from '@precede/service';
import type { GatewayRequest } from './gateway-request.ts';
import type { Outcome } from './outcome.ts';
import type { Question } from './question.ts';

export interface Call {
  readonly name: string;
  readonly attributes: Attributes;
  readonly startMs: number;
}

/**
 * Undefined: this one is not traced. What the gateway says of its own call goes before what the client's request brought
 * along.
 */
export const callSpan = (
  tracing: Tracing,
  gateway: IncomingHttpHeaders,
  client: GatewayRequest['headers'],
  { name, attributes, startMs }: Call,
): Span | undefined => {
  const origin = tracing.enter(gateway[traceparentHeader] ?? client.get(traceparentHeader));
  return origin && tracing.start(name, origin, { kind: 'server', attributes, startMs });
};

/** The context for what is written of the decision; undefined where the call is not traced. */
export const traceDecision = (
  tracing: Tracing,
  { table, requestId, hasSession }: Question,
  { kind, hit, operation }: Outcome,
  startMs: number,
): string | undefined => {
  if (tracing.active() === undefined) return undefined;
  const span = tracing.child('decide', {
    startMs,
    attributes: {
      'precede.zone.id': table.zoneId,
      'precede.revision': table.revision,
      'precede.decision.id': requestId,
      'precede.verdict': kind,
      'precede.operation.id': operation?.operationId,
      'precede.session': hasSession,
      'precede.rule.id': hit?.ruleId,
      'precede.rule.phase': hit?.source,
      'precede.rule.effect': hit?.effect,
      'precede.rule.enforced': hit?.isEnforced,
    },
  });
  span?.end();
  return span?.traceparent;
};
