/** Rate, errors and duration of the routes of a fastify scope. Health checks and scrapes are registered outside of it. */
import type { FastifyInstance } from 'fastify';
import { Counter, Histogram, type Registry } from 'prom-client';
import { zeroed } from './zeroed.ts';

export interface RequestMetrics {
  readonly requests: Counter<'method' | 'status'>;
  readonly seconds: Histogram<'method'>;
}

/** `what` is answered, in words: `the management API`. */
export const createRequestMetrics = (registry: Registry, service: string, what: string): RequestMetrics => {
  const registers = [registry];
  return {
    requests: zeroed(
      new Counter({
        name: `precede_${service}_requests_total`,
        help: `Answers of ${what} by method and status class.`,
        labelNames: ['method', 'status'],
        registers,
      }),
      { method: ['GET', 'POST'], status: ['2xx', '4xx', '5xx'] },
    ),
    seconds: new Histogram({
      name: `precede_${service}_request_duration_seconds`,
      help: `Time to answer a request of ${what}.`,
      labelNames: ['method'],
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
  };
};

export const measureRequests = (scope: FastifyInstance, { requests, seconds }: RequestMetrics): void => {
  scope.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    requests.inc({ method, status: `${Math.floor(reply.statusCode / 100)}xx` });
    seconds.observe({ method }, reply.elapsedTime / 1000);
  });
};
