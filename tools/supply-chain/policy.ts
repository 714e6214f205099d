/** What is allowed in, and what is excused: policy.json, in the words of this file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './production.ts';

export interface Excuse {
  /** As `npm audit` names it: the advisory's address or number. */
  readonly advisory: string;
  readonly package: string;
  readonly reason: string;
  /** The day from which on it is an excuse no more, as 2026-01-31. */
  readonly until: string;
}

export interface Policy {
  readonly audit: {
    /** Advisories of this severity or a higher one fail. */
    readonly level: Severity;
    readonly excused: readonly Excuse[];
  };
  readonly licences: {
    /** SPDX identifiers. */
    readonly allowed: readonly string[];
    /** For packages whose manifest does not say: name → licence, as its repository has it. */
    readonly known: Readonly<Record<string, string>>;
  };
}

export const severities = ['low', 'moderate', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

export const readPolicy = (): Policy =>
  JSON.parse(readFileSync(join(root, 'tools/supply-chain/policy.json'), 'utf8')) as Policy;
