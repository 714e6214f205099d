/**
 * Under which names and ids clients know the rules of a phase. Each phase has one ruleset, always there; two phases have
 * a second name, by which clients of the public API know them. An id is made of the zone and the name that was asked for,
 * so whoever asks by the second name is answered in it.
 */
import { createHash } from 'node:crypto';
import { Phase, type ZoneId } from '@precede/contracts';

export interface RulesetName {
  readonly phase: Phase;
  /** As asked for. */
  readonly name: string;
  /** 32 lower-case hex digits. */
  readonly rulesetId: string;
}

const phaseByName: ReadonlyMap<string, Phase> = new Map<string, Phase>([
  ...Object.values(Phase).map((phase) => [phase, phase] as const),
  ['http_ratelimit', Phase.ratelimit],
  ['http_request_dynamic_redirect', Phase.redirect],
]);

export const phaseNames: readonly string[] = [...phaseByName.keys()];

export const phaseNamed = (name: string): Phase | undefined => phaseByName.get(name);

const idOf = (zoneId: ZoneId, name: string): string =>
  createHash('sha256').update(`${zoneId}/ruleset/${name}`, 'utf8').digest('hex').slice(0, 32);

/** Undefined: no phase has this name. */
export const rulesetNamed = (zoneId: ZoneId, name: string): RulesetName | undefined => {
  const phase = phaseByName.get(name);
  return phase === undefined ? undefined : { phase, name, rulesetId: idOf(zoneId, name) };
};

/** Undefined: no ruleset of this zone has this id. */
export const rulesetWithId = (zoneId: ZoneId, rulesetId: string): RulesetName | undefined => {
  const name = phaseNames.find((each) => idOf(zoneId, each) === rulesetId);
  return name === undefined ? undefined : rulesetNamed(zoneId, name);
};

/** One of each phase, in the order of a decision. */
export const rulesetsOf = (zoneId: ZoneId): readonly RulesetName[] =>
  Object.values(Phase).flatMap((phase) => rulesetNamed(zoneId, phase) ?? []);
