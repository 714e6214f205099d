/** The things of a zone as audit.v1 tells them: what the API shows, without what is secret or only says when. */
import type { ConfigBody, NamedListConfig, RuleId, ZoneSnapshot } from '@precede/contracts';
import { itemView, listHead } from './lists.ts';
import { operationView } from './operations.ts';
import { expressionRuleView } from './ruleset-view.ts';
import { sequenceCookiesView } from './sequence-cookies.ts';
import { ruleView } from './sequence-rules.ts';
import { configurationView } from './session-identifiers.ts';
import { tokenConfigurationView } from './token-configurations.ts';
import { zoneView } from './zones.ts';

export interface Thing {
  readonly view: Readonly<Record<string, unknown>>;
  /** Of lists, whose items are told only where they differ. */
  readonly list?: NamedListConfig;
}

type Stored<K extends ConfigBody['kind']> = Extract<ConfigBody, { kind: K }>;

/** What a record makes of a thing; undefined: there is none any more. */
export const thingAfter = (body: ConfigBody): Thing | undefined => {
  switch (body.kind) {
    case 'operation':
      return body.operation === null ? undefined : { view: operationView(body.operation) };
    case 'session_identifiers':
      return body.identifiers === null ? undefined : { view: configurationView(body.identifiers) };
    case 'sequence_rule':
      return body.rule === null ? undefined : { view: ruleView(body.rule) };
    case 'expression_rule':
      return expressionRuleThing(body);
    case 'phase':
      return body.phase === null ? undefined : { view: { description: body.phase.description } };
    case 'named_list':
      return body.list === null ? undefined : { view: listHead(body.list), list: body.list };
    case 'token_configuration':
      return body.tokenConfiguration === null
        ? undefined
        : { view: tokenConfigurationView(body.tokenConfiguration) };
    case 'zone':
      return zoneThing(body);
    default:
      return body satisfies never;
  }
};

/** Position and phase are not in the API's rule: there the ruleset says them. */
const expressionRuleThing = ({ expressionRule: rule }: Stored<'expression_rule'>): Thing | undefined =>
  rule === null
    ? undefined
    : { view: { phase: rule.phase, position: rule.position, ...expressionRuleView(rule) } };

const zoneThing = ({ id, settings }: Stored<'zone'>): Thing | undefined => {
  if (settings === null) return undefined;
  const { revision: _revision, ...view } = zoneView(id as ZoneSnapshot['zoneId'], settings, 0);
  return { view: { ...view, sequence_cookies: sequenceCookiesView(settings) } };
};

/** The record that now stands where a body would be written; undefined: there is none. */
export const bodiesBefore = (zone: ZoneSnapshot): ((body: ConfigBody) => ConfigBody | undefined) => {
  const rules = new Map(zone.rules.map((rule) => [rule.ruleId, rule]));
  const expressionRules = new Map(zone.expressionRules.map((rule) => [rule.ruleId, rule]));
  const lists = new Map([...zone.lists.values()].map((list) => [list.listId, list]));
  return (body) => {
    const { id } = body;
    switch (body.kind) {
      case 'operation':
        return { ...body, operation: zone.operations.get(id as never) ?? null };
      case 'session_identifiers':
        return { ...body, identifiers: zone.identifiers.length === 0 ? null : zone.identifiers };
      case 'sequence_rule':
        return { ...body, rule: rules.get(id as RuleId) ?? null };
      case 'expression_rule':
        return { ...body, expressionRule: expressionRules.get(id as RuleId) ?? null };
      case 'phase':
        return { ...body, phase: zone.phases.get(id as never) ?? null };
      case 'named_list':
        return { ...body, list: lists.get(id) ?? null };
      case 'token_configuration':
        return { ...body, tokenConfiguration: zone.tokenConfigurations.get(id) ?? null };
      case 'zone':
        return { ...body, settings: zone.settings };
      default:
        return body satisfies never;
    }
  };
};

/** Items that differ, as JSON: an entry must fit into a record of the log. */
const maxItemCharacters = 128 * 1024;

/** What one side of a list has and the other has not, or has otherwise. */
export const differingItems = (list: NamedListConfig, other: NamedListConfig | undefined) => {
  const known = new Map(other?.items.map((item) => [item.value, item.comment]));
  const items: object[] = [];
  let room = maxItemCharacters;
  let leftOut = 0;
  for (const item of list.items) {
    if (known.get(item.value) === item.comment) continue;
    const view = itemView(list, item);
    room -= JSON.stringify(view).length;
    if (room >= 0) items.push(view);
    else leftOut += 1;
  }
  return { items, ...(leftOut === 0 ? {} : { items_left_out: leftOut }) };
};
