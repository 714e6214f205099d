/** Functions that replace by a pattern: a regular expression, or one with stars. */
import { compileRegex, type Regex } from '../../regex/regex.ts';
import { Bytes } from '../types.ts';
import { toText } from '../values.ts';
import { captureWildcard, wildcardFault, wildcardParts } from '../wildcard.ts';
import { bytes, define, options, text, value } from './define.ts';
import type { FunctionDefinition, Parameter } from './definition.ts';

/** Most references to groups in one replacement. */
const maxReferences = 8;

/** A replacement: texts as they are, and numbers of groups. */
type Template = readonly (string | number)[];

const piece = /\$\$|\$\{([0-9]{1,4})\}|[^$]+/gy;

/** Null if a `$` is neither `$$` nor `${number}`. */
const parseTemplate = (replacement: string): Template | null => {
  const template: (string | number)[] = [];
  piece.lastIndex = 0;
  let end = 0;
  for (let found = piece.exec(replacement); found !== null; found = piece.exec(replacement)) {
    template.push(found[0] === '$$' ? '$' : found[1] === undefined ? found[0] : Number(found[1]));
    end = piece.lastIndex;
  }
  return end === replacement.length ? template : null;
};

const fill = (template: Template, group: (number: number) => string): string => {
  let filled = '';
  for (const part of template) filled += typeof part === 'string' ? part : group(part);
  return filled;
};

const refuseTemplate = (replacement: string): string | null => {
  const template = parseTemplate(replacement);
  if (template === null) return `refers to a group as \${1} and writes a dollar as $$`;
  const references = template.filter((part) => typeof part === 'number').length;
  return references > maxReferences ? `refers to at most ${maxReferences} groups` : null;
};

/** A regular expression is text: patterns for single bytes are written as escapes. */
const regexOf = (pattern: string): Regex | string => {
  const written = toText(pattern);
  if (written === null) return 'is text in UTF-8; write other bytes as \\xHH';
  const compiled = compileRegex(written);
  return compiled.kind === 'compiled'
    ? compiled.regex
    : `is no regular expression: ${compiled.fault.message}`;
};

const refuseRegex = (pattern: string): string | null => {
  const regex = regexOf(pattern);
  return typeof regex === 'string' ? regex : null;
};

/** Group 0 is the whole. */
const beyondGroups = (template: string, last: number): string | null => {
  const odd = (parseTemplate(template) ?? []).find((part) => typeof part === 'number' && part > last);
  return odd === undefined ? null : `refers to group ${odd}; the last one is ${last}`;
};

const literalOf = (parameter: Parameter | undefined): string => (parameter?.literal ?? '') as string;

const bindRegexReplace = (parameters: readonly Parameter[]) => {
  const regex = regexOf(literalOf(parameters[1])) as Regex;
  const template = parseTemplate(literalOf(parameters[2])) as Template;
  const groups = 1 + Math.max(0, ...template.filter((part) => typeof part === 'number'));
  return (args: readonly unknown[]): string => {
    const source = args[0] as string;
    const found = regex.exec(source, groups);
    if (found === null) return source;
    const group = (number: number): string => {
      const start = found[number * 2] as number;
      return start === -1 ? '' : source.slice(start, found[number * 2 + 1]);
    };
    return source.slice(0, found[0]) + fill(template, group) + source.slice(found[1]);
  };
};

const bindWildcardReplace = (parameters: readonly Parameter[]) => {
  const capture = captureWildcard(literalOf(parameters[1]), literalOf(parameters[3]) === 's');
  const template = parseTemplate(literalOf(parameters[2])) as Template;
  return (args: readonly unknown[]): string => {
    const source = args[0] as string;
    const captures = capture(source);
    return captures === null
      ? source
      : fill(template, (number) => (number === 0 ? source : (captures[number - 1] as string)));
  };
};

export const replaceFunctions: readonly FunctionDefinition[] = [
  define({
    name: 'regex_replace',
    doc: `the first match replaced; \${1} is what the first group matched, $$ a dollar; unchanged without a match`,
    example: `regex_replace(http.request.uri.path, "^/v1/(.*)$", "/v2/${1}") eq "/v2/cart"`,
    slots: [bytes('source'), text('pattern', refuseRegex), text('replacement', refuseTemplate)],
    returns: Bytes,
    refuse: (at, { literal }, before) => {
      if (at < 2) return null;
      const { groupCount } = regexOf(literalOf(before[1])) as Regex;
      return beyondGroups(literal as string, groupCount - 1);
    },
    isOnce: true,
    bind: bindRegexReplace,
  }),
  define({
    name: 'wildcard_replace',
    doc: `replaced if the whole value fits; \${1} is what the first * stood for; option s: case sensitive`,
    example: `wildcard_replace(http.request.uri.path, "/old/*", "/new/\${1}") eq "/new/cart"`,
    slots: [
      value(bytes('source')),
      text('pattern', (pattern) => {
        const fault = wildcardFault(pattern);
        return fault === null ? null : `is no pattern: ${fault.message}`;
      }),
      text('replacement', refuseTemplate),
      options('options', 's'),
    ],
    returns: Bytes,
    refuse: (at, { literal }, before) =>
      at === 2 ? beyondGroups(literal as string, wildcardParts(literalOf(before[1])).length - 1) : null,
    isOnce: true,
    bind: bindWildcardReplace,
  }),
];
