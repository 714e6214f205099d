/** Answers and errors of the HTTP interfaces as fastify sends them. */
import { ErrorCode, PrecedeError, UnavailableError } from '@precede/contracts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpAnswer } from './http-answer.ts';

export const send = (reply: FastifyReply, { status, headers, body }: HttpAnswer): FastifyReply => {
  reply.code(status);
  for (const [name, value] of headers) addHeader(reply, name, value);
  return reply.send(body === '' ? undefined : Buffer.from(body));
};

/** Repeated names add up. */
const addHeader = (reply: FastifyReply, name: string, value: string): void => {
  const known = reply.getHeader(name);
  // fastify adds cookies by itself.
  const isFirst = known === undefined || name === 'set-cookie';
  reply.header(name, isFirst ? value : [known, value].flat());
};

/** Whether it is a fault, and not the client's doing. */
export const sendError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): boolean => {
  const isOurs = error instanceof PrecedeError;
  // fastify's own 4xx: a body that is too large, a type that cannot be. The client chose it, so it is denied.
  if (!isOurs && error.statusCode !== undefined && error.statusCode < 500) {
    reply.code(error.statusCode).send();
    return false;
  }
  if (!isOurs) request.log.error({ err: error }, 'request failed');
  const code = isOurs ? error.code : ErrorCode.internal;
  const message = isOurs ? error.message : 'an unexpected fault; the log of this service has it';
  reply
    .code(error instanceof UnavailableError ? 503 : 500)
    .header('x-precede-fault', code)
    .send({ error: { code, message } });
  return true;
};
