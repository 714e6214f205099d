/** What a rule by expression does, between the bodies of the Rulesets API (`action`, `action_parameters`) and config.v1. */
import {
  type BlockResponse,
  type HeaderChange,
  mitigationSource,
  Phase,
  type RuleAction,
  type RuleSource,
  type TextOrExpression,
} from '@precede/contracts';
import { z } from 'zod';
import { headersParameter } from './ruleset-headers.ts';
import { phaseNamed } from './ruleset-names.ts';
import { withoutControls } from './texts.ts';

export const maxContentBytes = 10 * 1024;
const maxTarget = 4_096;

export type ActionName = RuleAction['kind'];

/** In the order in which they are told to clients. */
export const actionsOf: Readonly<Record<Phase, readonly [ActionName, ...ActionName[]]>> = {
  [Phase.redirect]: ['redirect'],
  [Phase.custom]: ['block', 'log', 'skip'],
  [Phase.ratelimit]: ['block', 'log'],
  [Phase.lateTransform]: ['rewrite'],
};

const mediaType = /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,60}(?:; ?[a-z0-9-]{1,30}=[A-Za-z0-9._-]{1,60}){0,4}$/;

const response = z
  .strictObject({
    status_code: z.int().min(400).max(599),
    content_type: z.string().regex(mediaType, 'must be a media type such as application/json'),
    content: z
      .string()
      .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
      .refine(
        (text) => Buffer.byteLength(text) <= maxContentBytes,
        `must have at most ${maxContentBytes} bytes`,
      ),
  })
  .transform(
    (given): BlockResponse => ({
      status: given.status_code,
      contentType: given.content_type,
      content: given.content,
    }),
  );

const block = z
  .strictObject({ response: response.optional() })
  .optional()
  .transform((given): RuleAction => ({ kind: 'block', response: given?.response ?? null }));

const log = z
  .strictObject({})
  .optional()
  .transform((): RuleAction => ({ kind: 'log' }));

/** The products of the public API that stand in front of rules have no counterpart here. */
const product = z.literal(mitigationSource, {
  error: `only the product ${mitigationSource} can be skipped: Sequence Mitigation`,
});

const laterPhases: readonly Phase[] = [Phase.ratelimit, Phase.lateTransform];
const skippedPhase = z.string().transform((name, context): RuleSource => {
  const phase = phaseNamed(name);
  if (phase !== undefined && laterPhases.includes(phase)) return phase;
  context.addIssue({
    code: 'custom',
    message:
      phase === Phase.custom
        ? 'write "ruleset": "current" to skip the rest of this phase'
        : `must be one of the phases behind this one: ${laterPhases.join(', ')}`,
  });
  return z.NEVER;
});

const skip = z
  .strictObject({
    ruleset: z.literal('current').optional(),
    phases: z.array(skippedPhase).max(10).optional(),
    products: z.array(product).max(10).optional(),
  })
  .transform(({ ruleset, phases = [], products = [] }, context): RuleAction => {
    const sources = [...new Set<RuleSource>([...phases, ...products])];
    if (ruleset === undefined && sources.length === 0)
      context.addIssue({ code: 'custom', message: 'must name what is skipped: ruleset, phases or products' });
    return { kind: 'skip', isRestOfPhase: ruleset !== undefined, sources };
  });

/** An address, or a path of the same host. */
const isTarget = (text: string): boolean =>
  text.startsWith('/') || (/^https?:\/\//i.test(text) && URL.canParse(text));

const targetUrl = z
  .strictObject({
    value: withoutControls(maxTarget).refine(isTarget, 'must begin with https://, http:// or /').optional(),
    expression: z.string().optional(),
  })
  .transform(({ value, expression }, context): TextOrExpression => {
    if (value !== undefined && expression === undefined) return { kind: 'value', value };
    if (expression !== undefined && value === undefined) return { kind: 'expression', expression };
    context.addIssue({ code: 'custom', message: 'must have either value or expression' });
    return z.NEVER;
  });

const redirectStatus = [301, 302, 303, 307, 308] as const;
const redirect = z
  .strictObject({
    from_value: z.strictObject({
      status_code: z.literal(redirectStatus, { error: `must be one of ${redirectStatus.join(', ')}` }),
      target_url: targetUrl,
      preserve_query_string: z.boolean().default(false),
    }),
  })
  .transform(
    ({ from_value: given }): RuleAction => ({
      kind: 'redirect',
      status: given.status_code,
      target: given.target_url,
      keepsQuery: given.preserve_query_string,
    }),
  );

const rewrite = z
  .strictObject({ headers: headersParameter })
  .transform(({ headers }): RuleAction => ({ kind: 'rewrite', headers }));

/** `action_parameters` of each action → the action. */
export const parametersOf = { block, log, skip, redirect, rewrite } as const satisfies Record<
  ActionName,
  z.ZodType<RuleAction>
>;

/** `action_parameters` as clients see them; undefined: none. */
export const parametersView = (action: RuleAction): object | undefined => {
  switch (action.kind) {
    case 'block':
      return action.response === null ? undefined : { response: responseView(action.response) };
    case 'log':
      return undefined;
    case 'skip':
      return skipView(action);
    case 'redirect':
      return {
        from_value: {
          status_code: action.status,
          target_url: textView(action.target),
          preserve_query_string: action.keepsQuery,
        },
      };
    case 'rewrite':
      return { headers: Object.fromEntries(action.headers.map((each) => [each.name, headerView(each)])) };
    default:
      return action satisfies never;
  }
};

const responseView = ({ status, contentType, content }: BlockResponse) => ({
  status_code: status,
  content_type: contentType,
  content,
});

const skipView = ({ isRestOfPhase, sources }: Extract<RuleAction, { kind: 'skip' }>) => {
  const phases = sources.filter((each) => each !== mitigationSource);
  return {
    ...(isRestOfPhase ? { ruleset: 'current' } : {}),
    ...(phases.length === 0 ? {} : { phases }),
    ...(phases.length === sources.length ? {} : { products: [mitigationSource] }),
  };
};

const headerView = ({ operation, value }: HeaderChange) => ({
  operation,
  ...(value === null ? {} : textView(value)),
});

const textView = (text: TextOrExpression) =>
  text.kind === 'value' ? { value: text.value } : { expression: text.expression };
