/** Rules by expression: the paths of the public Rulesets API, for the four phases there are. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { success } from './envelope.ts';
import { apiError } from './errors.ts';
import { isPlainObject } from './parse.ts';
import {
  answerWrite,
  editingRules,
  hexIdOf,
  param,
  reading,
  ruleIdOf,
  type WriteDeps,
  zoneIdOf,
  zoneOf,
} from './request.ts';
import { phaseNames, type RulesetName, rulesetNamed, rulesetsOf, rulesetWithId } from './ruleset-names.ts';
import { rulesetHead, rulesetView } from './ruleset-view.ts';
import {
  addRuleTo,
  clearRuleset,
  deleteRuleOf,
  patchRuleOf,
  type RulesetTarget,
  replaceRuleset,
} from './rulesets.ts';

interface RulesetDeps extends WriteDeps {
  readonly drawUuid: () => string;
}

export const rulesetRoutes = (api: FastifyInstance, deps: RulesetDeps): void => {
  const { store, clock, drawUuid } = deps;
  const base = '/zones/:zone_id/rulesets';
  const target = (request: FastifyRequest, named: RulesetName): RulesetTarget => ({
    zoneId: zoneIdOf(request),
    named,
    nowMs: clock.now(),
    drawUuid,
  });
  const byId = (request: FastifyRequest): RulesetTarget => target(request, rulesetOf(request));

  api.get(base, reading, async (request) => {
    const zone = zoneOf(request, store);
    return success(rulesetsOf(zone.zoneId).map((named) => rulesetHead(zone, named)));
  });
  api.post(base, editingRules, async (request) => {
    zoneOf(request, store);
    const plan = replaceRuleset(target(request, phaseOfBody(request)), request.body, true);
    return answerWrite(request, deps, plan);
  });

  const entry = `${base}/phases/:phase/entrypoint`;
  api.get(entry, reading, async (request) =>
    success(rulesetView(zoneOf(request, store), phaseOfPath(request))),
  );
  api.put(entry, editingRules, async (request) =>
    answerWrite(request, deps, replaceRuleset(target(request, phaseOfPath(request)), request.body)),
  );

  const one = `${base}/:ruleset_id`;
  api.get(one, reading, async (request) => success(rulesetView(zoneOf(request, store), rulesetOf(request))));
  api.put(one, editingRules, async (request) =>
    answerWrite(request, deps, replaceRuleset(byId(request), request.body)),
  );
  api.delete(one, editingRules, async (request) => answerWrite(request, deps, clearRuleset(byId(request))));
  api.post(`${one}/rules`, editingRules, async (request) =>
    answerWrite(request, deps, addRuleTo(byId(request), request.body)),
  );
  api.patch(`${one}/rules/:rule_id`, editingRules, async (request) =>
    answerWrite(request, deps, patchRuleOf(byId(request), ruleIdOf(request), request.body)),
  );
  api.delete(`${one}/rules/:rule_id`, editingRules, async (request) =>
    answerWrite(request, deps, deleteRuleOf(byId(request), ruleIdOf(request))),
  );
};

const rulesetOf = (request: FastifyRequest): RulesetName => {
  const id = hexIdOf(request, 'ruleset_id');
  const named = rulesetWithId(zoneIdOf(request), id);
  if (named === undefined) throw apiError('rulesetUnknown', `there is no ruleset ${id} in this zone`);
  return named;
};

const phaseOfPath = (request: FastifyRequest): RulesetName => {
  const named = rulesetNamed(zoneIdOf(request), param(request, 'phase'));
  if (named !== undefined) return named;
  throw apiError('noRoute', `the phase in the path is none of ${phaseNames.join(', ')}`);
};

const phaseOfBody = (request: FastifyRequest): RulesetName => {
  const { body } = request;
  const name = isPlainObject(body) ? body['phase'] : undefined;
  const named = rulesetNamed(zoneIdOf(request), typeof name === 'string' ? name : '');
  if (named !== undefined) return named;
  throw apiError('invalid', `must be one of ${phaseNames.join(', ')}`, '/phase');
};
