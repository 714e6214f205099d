/** One sequence as text for people: score, history, hours, sessions with and without it, and the command that makes a rule. */
import type { SequenceDetail, SessionExample } from './api-client.ts';
import { bar, type Look, shorten, spark } from './chart.ts';
import { bold, clean, dim } from './output.ts';
import {
  intervalText,
  meanings,
  nameOf,
  operationLine,
  sessionsText,
  supportText,
} from './sequences-text.ts';

const barWidth = 10;
/** Steps shown before an operation that came without; the rest are counted. */
const maxStepsBefore = 3;
/** A title has 50 characters, ` before ` among them. */
const maxEndpoint = 21;
const plain: Look = { columns: 0, isAscii: true };

/** `2026-01-02 03:04:05` of a time of the API, which is UTC. */
const day = (time: string): string => time.slice(0, 10);
const clock = (time: string): string => time.slice(11, 19);
const minute = (time: string): string => `${day(time)} ${time.slice(11, 16)}`;

const scoreLines = (s: SequenceDetail, look: Look): readonly string[] => {
  if (s.score === null) return ['these scores have none of this sequence'];
  const interval = s.kind === 'correlation' ? '' : `  99 % interval ${intervalText(s.low ?? 0, s.high ?? 0)}`;
  const counts = supportText(s.support ?? 0, s.last_support ?? 0, s.undercount ?? 0);
  return [
    `${bar(s.score, barWidth, look)} ${bold(s.score.toFixed(3))}${interval}`,
    `${counts} occurrences of its last operation, in ${sessionsText(s.sessions ?? 0)}${s.is_listed === true ? '' : '; not listed'}`,
    dim(`score: ${meanings[s.kind]}`),
  ];
};

const historyLines = ({ history }: SequenceDetail, look: Look): readonly string[] => {
  const scores = history.flatMap(({ score }) => (score === null ? [] : [score]));
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined || scores.length === 0) return ['no score of it is kept'];
  const [from, to] = [minute(first.computed_at), minute(last.computed_at)];
  const gaps = history.length - scores.length;
  const [lowest, highest] = [Math.min(...scores), Math.max(...scores)].map((score) => score.toFixed(3));
  const told = [from === to ? from : `${from} to ${to}`, `lowest ${lowest}, highest ${highest}`];
  return [
    spark(
      history.map(({ score }) => score),
      look,
    ),
    [...told, ...(gaps === 0 ? [] : [`${gaps} of ${history.length} points without it`])].join('; '),
  ];
};

const hourLines = ({ hours }: SequenceDetail, look: Look): readonly string[] => {
  const shown = hours.filter((hour) => hour.last_occurrences > 0);
  const most = Math.max(...shown.map((hour) => hour.last_occurrences));
  const lines = shown.map(({ hour, occurrences, last_occurrences }) => {
    const cells = Math.max(1, Math.round((last_occurrences / most) * barWidth * 2));
    const drawn = bar(occurrences / last_occurrences, cells, look);
    return `${minute(hour)}  ${drawn.padEnd(barWidth * 2)}  ${occurrences} of ${last_occurrences}`;
  });
  const without = hours.length - shown.length;
  return without === 0 ? lines : [...lines, dim(`nothing in the other ${without} hours`)];
};

const exampleLines = (example: SessionExample, look: Look): readonly string[] => {
  const { first, last, length, cut, places, steps } = example;
  const more = places > 1 ? `, ${places} times, the last of them:` : ':';
  const lost = cut > 0 ? `, the oldest ${cut} not kept` : '';
  return [
    `session ${example.session_id.slice(0, 12)}  ${day(first)} ${clock(first)} to ${clock(last)}, ${length} requests${lost}${more}`,
    ...steps.map((step, i) => dim(`  ${clock(step.time)}`) + operationLine(step, i === 0, 1, narrowed(look))),
  ];
};

/** The clock stands before the line of an operation. */
const narrowed = (look: Look): Look => ({ ...look, columns: look.columns - 10 });

/** What came long before says little: the last steps are shown, the others counted. */
const shortened = (example: SessionExample, look: Look): readonly string[] => {
  const hidden = Math.max(0, example.steps.length - 1 - maxStepsBefore);
  const [head = '', ...lines] = exampleLines({ ...example, steps: example.steps.slice(hidden) }, look);
  return hidden === 0 ? [head, ...lines] : [head, dim(`  ${hidden} more before`), ...lines];
};

const exampleSections = ({ examples, kind }: SequenceDetail, look: Look): readonly Section[] => {
  if (examples === null) return [];
  const { examined, is_all } = examples;
  const seen = is_all ? `all ${examined} closed sessions` : `the newest ${examined} closed sessions`;
  const none = ['none'];
  const so = kind === 'lookback' ? 'without the first before it' : 'without the others directly before it';
  const some = (lines: readonly string[]) => (lines.length === 0 ? none : lines);
  return [
    [
      `Sessions with it, newest first (of ${seen})`,
      some(examples.with.flatMap((e) => exampleLines(e, look))),
    ],
    [
      `Sessions with the last operation ${so}`,
      some(examples.without.flatMap((example) => shortened(example, look))),
    ],
  ];
};

/** In single quotes a shell takes everything as it stands but the quote itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const ruleLines = ({ rule, operations }: SequenceDetail, target: string): readonly string[] => {
  const [start, end] = operations.slice(-2);
  if (rule === null || start === undefined || end === undefined)
    return ['none can be made: both operations must be saved, differ, and have one host'];
  const through = rule.lookback;
  const told =
    through === null
      ? 'how much of the traffic it would let through is not known: the pair is too rare'
      : `it would have let through ${(through.score * 100).toFixed(1)} % of the last operation: ${through.support} of ${through.last_support}, interval ${intervalText(through.low, through.high)}`;
  const [before, after] = [start, end].map((o) => shorten(o.endpoint ?? '', maxEndpoint, plain));
  const title = `${before} before ${after}`;
  return [
    `${nameOf(end)} only after ${nameOf(start)}`,
    told,
    '',
    `precede rules add ${start.short_id} ${end.short_id} --title ${quoted(clean(title))} --action log ${target}`,
    '',
    dim('--action log lets pass and records; with --action block, or without --action, it denies'),
  ];
};

type Section = readonly [title: string, lines: readonly string[]];

export interface Shown {
  readonly sequence: SequenceDetail;
  readonly messages: readonly string[];
  /** Options that name zone and instance, as the command to copy needs them. */
  readonly target: readonly string[];
}

export const sequenceText = ({ sequence, messages, target }: Shown, look: Look): string => {
  const { from, to } = sequence.window;
  const head = [
    bold(sequence.id),
    ...sequence.operations.map((o, i) => operationLine(o, i === 0, 0, look)),
    '',
    ...scoreLines(sequence, look),
    ...messages.map((message) => dim(clean(message))),
    dim(
      `times are UTC; counted from ${minute(from)} to ${minute(to)}${sequence.is_exact ? '' : ', not exact'}`,
    ),
  ];
  const sections: readonly Section[] = [
    ['Score over time, from 0 to 1', historyLines(sequence, look)],
    ['By the hour: occurrences of it, of occurrences of the last operation', hourLines(sequence, look)],
    ...exampleSections(sequence, look),
    ['A rule of the last two', ruleLines(sequence, target.map(shellWord).join(' '))],
  ];
  return [...head, ...sections.flatMap(([title, lines]) => ['', bold(title), ...lines.map(indented)])].join(
    '\n',
  );
};

const indented = (line: string): string => (line === '' ? '' : `  ${line}`);
const shellWord = (word: string): string => (/^[\w.:/@-]+$/.test(word) ? word : quoted(clean(word)));
