/**
 * Decision → Envoy's CheckResponse, as bytes. A changed header is sent as its final line and overwrites what is there:
 * Envoy's own append joins a value to the first of several, and in some versions only to a header that is there.
 */
import type { Decision } from '../decision.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import { effectsOf, lineOf } from './header-changes.ts';
import { denyAnswer, type HttpAnswer } from './http-answer.ts';
import { bytesField, integerField, messageField, textField } from './wire-writer.ts';

const AppendAction = { append: 0, overwrite: 2 } as const;
/** google.rpc.Code; Envoy only asks whether it is 0. */
const permissionDenied = 7;

/** A status of 0 and no changes: the most frequent answer, made once. */
const plainAllow = Buffer.concat([messageField(1), messageField(3)]);

export const checkResponse = (decision: Decision, sent: GatewayRequest['headers']): Buffer => {
  const { response, requestHeaders, setCookie } = decision;
  if (response !== null) return deniedResponse(denyAnswer(response, decision));
  return requestHeaders.length === 0 && setCookie === null ? plainAllow : allowed(decision, sent);
};

const allowed = ({ requestHeaders, setCookie }: Decision, sent: GatewayRequest['headers']): Buffer => {
  const parts = effectsOf(requestHeaders).map((effect) => {
    const line = lineOf(effect, sent);
    return line === null ? textField(5, effect.name) : headerField(2, effect.name, line, false);
  });
  // Beside the cookies of the origin.
  if (setCookie !== null) parts.push(headerField(6, 'set-cookie', setCookie, true));
  return Buffer.concat([messageField(1), messageField(3, ...parts)]);
};

export const deniedResponse = ({ status, headers, body }: HttpAnswer): Buffer => {
  const seen = new Set<string>();
  const fields = headers.map(([name, value]) => {
    const isRepeated = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    return headerField(2, name, value, isRepeated);
  });
  return Buffer.concat([
    messageField(1, integerField(1, permissionDenied)),
    messageField(2, messageField(1, integerField(1, status)), ...fields, bytesField(3, Buffer.from(body))),
  ]);
};

/** HeaderValueOption with `append`, which Envoy's filter reads, and `append_action`, which replaces it. */
const headerField = (field: number, name: string, value: string, appends: boolean): Buffer =>
  messageField(
    field,
    messageField(1, textField(1, name), textField(2, value)),
    messageField(2, integerField(1, appends ? 1 : 0)),
    integerField(3, appends ? AppendAction.append : AppendAction.overwrite),
  );
