/** Accept-Language (RFC 9110, 12.5.4) as tags, heaviest first. */
import { trimBlanks } from './bytes.ts';

interface Choice {
  readonly tag: string;
  readonly weight: number;
}

/** Equal weights stay in the order they came in; `*` is no language. */
export const acceptedLanguages = (lines: readonly string[]): readonly string[] =>
  lines
    .flatMap((line) => line.split(','))
    .map(parseChoice)
    .filter(({ tag }) => tag !== '' && tag !== '*')
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);

const parseChoice = (text: string): Choice => {
  const [tag = '', ...parameters] = text.split(';');
  const weight = parameters.map(trimBlanks).find((each) => each.startsWith('q=') || each.startsWith('Q='));
  return { tag: trimBlanks(tag), weight: weight === undefined ? 1 : weightOf(weight.slice(2)) };
};

const decimal = /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/** What is no weight is none: such a tag comes last. */
const weightOf = (text: string): number => (decimal.test(text) ? Number(text) : 0);
