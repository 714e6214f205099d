/** The header `traceparent`: which trace a request or record belongs to. Source: W3C Trace Context, 3.2. Pure. */

export interface TraceContext {
  /** 32 lower-case hex digits, not all 0. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all 0: the span that sent it. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

export const traceparentHeader = 'traceparent';

/** Of a record or request that may belong to a trace: to be spread into it. */
export const contextHeaders = (
  traceparent: string | undefined,
): { readonly headers?: Readonly<Record<string, string>> } =>
  traceparent === undefined ? {} : { headers: { [traceparentHeader]: traceparent } };

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Far more than any version has said; who sends more sends something else. */
const maxLength = 256;
const sampled = 0x01;

/** Undefined for what is none: then it counts as not sent. Versions after 00 may have more behind the flags. */
export const parseTraceparent = (text: unknown): TraceContext | undefined => {
  if (typeof text !== 'string' || text.length > maxLength) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = form.exec(text.trim()) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & sampled) === sampled };
};

export const traceparentOf = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
