/** What clients may send as a token configuration: the members of the public API, and ours beside them. */
import type { TokenConfiguration } from '@precede/contracts';
import { parseValueExpression } from '@precede/rules';
import { tokenAlgorithms, tokenConfigurationFaults } from '@precede/tokens';
import { z } from 'zod';
import { issue } from './parse.ts';
import { description, withoutControls } from './texts.ts';
import { algorithm, algorithmOf, publicKey } from './token-keys.ts';

const maxTitle = 50;
const maxDescription = 500;
const maxSources = 4;
const maxKeys = 10;
const maxUrl = 2_048;
const maxClaim = 1_024;
const maxToleranceSeconds = 600;
const usualToleranceSeconds = 30;

export type TokenDefinition = Omit<TokenConfiguration, 'configId' | 'createdAtMs' | 'lastUpdatedMs'>;

/** One member by itself, asked of what will verify with it. */
const faultOf = (member: Partial<Pick<TokenDefinition, 'sources' | 'jwksUrl'>>): string | undefined => {
  const rest = { sources: [], algorithms: tokenAlgorithms, keys: [], jwksUrl: 'https://localhost' };
  return tokenConfigurationFaults({ ...rest, ...member })[0]?.message;
};

const source = z.string().superRefine((text, context) => {
  const parsed = parseValueExpression(text, { lists: new Map() });
  if (parsed.kind === 'refused') {
    const { line, column, message, hint } = parsed.fault;
    context.addIssue(issue('expressionInvalid', `line ${line}, column ${column}: ${message}; ${hint}`));
    return;
  }
  const fault = faultOf({ sources: [text] });
  if (fault !== undefined) context.addIssue(issue('expressionInvalid', `line 1, column 1: ${fault}`));
});

const jwksUrl = withoutControls(maxUrl, 1).superRefine((text, context) => {
  const fault = faultOf({ jwksUrl: text });
  if (fault !== undefined) context.addIssue(issue('invalid', fault));
});

const credentials = z.strictObject({ keys: z.array(publicKey).max(maxKeys) });

/** Keys alone, as they are rotated. */
export const credentialsBody = z.strictObject({ keys: z.array(publicKey).min(1).max(maxKeys) });

/** Members that are only read; clients send back what they were shown. */
const passedOver = {
  id: z.unknown().optional(),
  created_at: z.unknown().optional(),
  last_updated: z.unknown().optional(),
};

export const tokenConfigurationBody = z
  .strictObject({
    ...passedOver,
    title: withoutControls(maxTitle, 1),
    description: description(maxDescription).default(''),
    token_sources: z.array(source).min(1).max(maxSources),
    token_type: z.string().regex(/^jwt$/i, 'must be "jwt"').default('jwt'),
    credentials: credentials.optional(),
    jwks_url: jwksUrl.nullish(),
    algorithms: z.array(algorithm).min(1).max(20).optional(),
    issuer: withoutControls(maxClaim, 1).nullish(),
    audience: withoutControls(maxClaim, 1).nullish(),
    clock_tolerance: z.int().min(0).max(maxToleranceSeconds).default(usualToleranceSeconds),
  })
  .superRefine((given, context) => {
    const hasKeys = (given.credentials?.keys.length ?? 0) > 0;
    const hasUrl = typeof given.jwks_url === 'string';
    if (hasKeys === hasUrl)
      context.addIssue(issue('invalid', 'must have either keys or, beside it, jwks_url', ['credentials']));
    if (hasUrl && given.algorithms === undefined)
      context.addIssue(issue('invalid', 'must be named where the keys come from jwks_url', ['algorithms']));
  })
  .transform((given): TokenDefinition => {
    const keys = given.credentials?.keys ?? [];
    return {
      title: given.title,
      description: given.description,
      sources: given.token_sources,
      algorithms: [...new Set(given.algorithms ?? keys.map(algorithmOf))],
      keys,
      jwksUrl: given.jwks_url ?? null,
      issuer: given.issuer ?? null,
      audience: given.audience ?? null,
      clockToleranceMs: given.clock_tolerance * 1_000,
    };
  });
