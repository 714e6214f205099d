/** What routes read out of a request before they ask the core: ids of the path, on whose behalf, whether only to try. */
import {
  isOperationId,
  isRuleId,
  isZoneId,
  type OperationId,
  type RuleId,
  type ZoneId,
  type ZoneSnapshot,
} from '@precede/contracts';
import type { Clock } from '@precede/service';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Permission } from './auth.ts';
import type { ConfigStore } from './config-store.ts';
import { success } from './envelope.ts';
import { apiError } from './errors.ts';
import { parseQuery } from './parse.ts';
import type { Plan } from './plan.ts';
import { knownZone } from './zones.ts';

export const reading = { config: { permission: Permission.analyticsRead } };
export const editingEndpoints = { config: { permission: Permission.endpointsEdit } };
export const editingRules = { config: { permission: Permission.rulesEdit } };
export const editingCookies = { config: { permission: Permission.sequenceCookieEdit } };
export const administrating = { config: { permission: Permission.admin } };

export interface WriteDeps {
  readonly store: ConfigStore;
  readonly clock: Clock;
}

const writeQuery = z.strictObject({ validate_only: z.enum(['true', 'false']).default('false') });
const notWritten = { message: 'validate_only: everything was checked and nothing was written' };

/** Runs a plan on behalf of whoever asks, and wraps its answer. With `?validate_only=true` nothing is written. */
export const answerWrite = async <R>(
  request: FastifyRequest,
  { store, clock }: WriteDeps,
  plan: Plan<R>,
): Promise<ReturnType<typeof success>> => {
  const isDryRun = parseQuery(writeQuery, request.query).validate_only === 'true';
  const author = { actor: request.principal?.name ?? '', timeMs: clock.now(), isDryRun };
  return success(await store.write(plan, author), isDryRun ? [notWritten] : []);
};

export const param = (request: FastifyRequest, name: string): string =>
  (request.params as Readonly<Record<string, string>>)[name] ?? '';

const parsed = <T extends string>(id: string, isOne: (text: string) => text is T, fault: string): T => {
  if (isOne(id)) return id;
  throw apiError('noRoute', fault);
};

export const zoneIdOf = (request: FastifyRequest): ZoneId =>
  parsed(param(request, 'zone_id'), isZoneId, 'the zone id in the path is not 32 lower-case hex digits');

export const zoneOf = (request: FastifyRequest, store: ConfigStore): ZoneSnapshot =>
  knownZone(store.zones, zoneIdOf(request));

export const operationIdOf = (request: FastifyRequest): OperationId =>
  parsed(
    param(request, 'operation_id').toLowerCase(),
    isOperationId,
    'the operation id in the path is not a UUID',
  );

export const ruleIdOf = (request: FastifyRequest): RuleId =>
  parsed(param(request, 'rule_id').toLowerCase(), isRuleId, 'the rule id in the path is not a UUID');

/** Lists, their items and rulesets. */
export const hexIdOf = (request: FastifyRequest, name: string): string => {
  const id = param(request, name).toLowerCase();
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw apiError('noRoute', `the ${name.replace('_', ' ')} in the path is not 32 hex digits`);
};
