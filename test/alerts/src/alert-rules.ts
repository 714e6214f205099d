/** The rule file as the tests read it. */
import { readFileSync } from 'node:fs';
import { root } from '@precede/testkit';
import { parse } from 'yaml';

export const alertsFile = `${root}deploy/helm/precede/files/alerts.yaml`;

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Alert extends Rule {
  readonly alert: string;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly Rule[];
}

export const readGroups = (): readonly RuleGroup[] =>
  (parse(readFileSync(alertsFile, 'utf8')) as { groups: RuleGroup[] }).groups;

export const alertsOf = (groups: readonly RuleGroup[]): readonly Alert[] =>
  groups.flatMap(({ rules }) => rules.filter((rule): rule is Alert => rule.alert !== undefined));
