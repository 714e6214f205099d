/** `precede rules eval`: runs files of cases through the Rules language and tells each that comes out other than it must. */
import { createReadStream } from 'node:fs';
import { InputError } from '@precede/contracts';
import {
  type Case,
  CaseError,
  compiledEvaluator,
  type Evaluator,
  type Mismatch,
  parseCase,
  referenceEvaluator,
  runCase,
  showFault,
} from '@precede/rules';
import { type Command, Option } from 'commander';
import { ExitCode } from './exit.ts';
import { clean, print, printJson, red } from './output.ts';

interface EvalOptions {
  readonly cases: readonly string[];
  readonly evaluator: 'compiled' | 'reference';
  readonly json?: boolean;
}

interface Tally {
  expressions: number;
  wrong_expressions: number;
  evaluations: number;
  wrong_evaluations: number;
  readonly first: object[];
}

/** Mismatches that the JSON shows whole. */
const maxFirst = 20;
const evaluators: Readonly<Record<EvalOptions['evaluator'], Evaluator>> = {
  compiled: compiledEvaluator,
  reference: referenceEvaluator,
};

export const rulesEvalCommand = (rules: Command): void => {
  rules
    .command('eval')
    .description('run cases (JSON lines) through the Rules language and print each mismatch')
    .requiredOption('--cases <file...>', 'files of cases, - for standard input')
    .addOption(
      new Option('--evaluator <name>', 'the one rules run on, or the plain one it is checked against')
        .choices(Object.keys(evaluators))
        .default('compiled'),
    )
    .option('--json', 'print counts and the first mismatches as JSON')
    .action(runEval);
};

const runEval = async (options: EvalOptions): Promise<void> => {
  const tally: Tally = {
    expressions: 0,
    wrong_expressions: 0,
    evaluations: 0,
    wrong_evaluations: 0,
    first: [],
  };
  const evaluator = evaluators[options.evaluator];
  const isJson = options.json === true;
  for (const file of options.cases) {
    for await (const { line, text } of linesOf(file)) {
      const each = caseOf(text);
      if ('fault' in each) tellUnusable(tally, `${file}:${line}`, each, isJson);
      else for (const mismatch of count(tally, each, evaluator)) tell(tally, each, mismatch, isJson);
    }
  }
  if (isJson) printJson(tally);
  else print(sentenceOf(tally));
  if (tally.wrong_expressions + tally.wrong_evaluations > 0) process.exitCode ??= ExitCode.mismatch;
};

async function* linesOf(file: string): AsyncGenerator<{ line: number; text: string }> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  let line = 0;
  try {
    for await (const text of splitLines(input)) {
      line += 1;
      if (text.trim() !== '') yield { line, text };
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    throw new InputError('/cases', `--cases: ${file} cannot be read (${code})`);
  }
}

/** Lines end with `\n` alone: JSON may have U+2028 and U+2029 in its texts, which the line reader of the platform ends at. */
async function* splitLines(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest + decoder.decode();
}

/** A line that is no case: the others are still run. */
interface Unusable {
  readonly fault: string;
  /** Requests it seems to have. */
  readonly requests: number;
}

const caseOf = (text: string): Case | Unusable => {
  let json: unknown;
  try {
    json = JSON.parse(text);
    return parseCase(json);
  } catch (error) {
    if (error instanceof SyntaxError) return { fault: `no JSON: ${error.message}`, requests: 0 };
    if (!(error instanceof CaseError)) throw error;
    const { requests } = (json ?? {}) as { requests?: unknown };
    return { fault: error.message, requests: Array.isArray(requests) ? requests.length : 0 };
  }
};

/** It counts as wrong with all its requests, and the command ends with 2 whatever else there is. */
const tellUnusable = (tally: Tally, place: string, { fault, requests }: Unusable, isJson: boolean): void => {
  tally.expressions += 1;
  tally.wrong_expressions += 1;
  tally.evaluations += requests;
  tally.wrong_evaluations += requests;
  process.exitCode = ExitCode.usage;
  if (!isJson) print(`${red('no case')} ${clean(place)}: ${clean(fault)}`);
  else if (tally.first.length < maxFirst) tally.first.push({ place, message: fault });
};

const count = (tally: Tally, each: Case, evaluator: Evaluator): readonly Mismatch[] => {
  const outcome = runCase(each, evaluator);
  tally.expressions += 1;
  tally.evaluations += outcome.evaluations;
  tally.wrong_evaluations += outcome.wrongEvaluations;
  if (outcome.mismatches.some((mismatch) => mismatch.kind === 'validity')) tally.wrong_expressions += 1;
  return outcome.mismatches;
};

const tell = (tally: Tally, each: Case, mismatch: Mismatch, isJson: boolean): void => {
  if (!isJson) print(lineOf(each, mismatch));
  if (!isJson || tally.first.length >= maxFirst) return;
  const { id, expression } = each;
  tally.first.push(
    mismatch.kind === 'result'
      ? { id, expression, request: mismatch.request, expected: !mismatch.result, result: mismatch.result }
      : { id, expression, expected_valid: each.isValid, valid: mismatch.isValid, fault: mismatch.fault },
  );
};

const lineOf = (each: Case, mismatch: Mismatch): string => {
  const where = `${red('wrong')} ${clean(each.id)}`;
  const expression = clean(each.expression);
  if (mismatch.kind === 'result')
    return `${where}: request ${mismatch.request + 1} gives ${mismatch.result}, must give ${!mismatch.result}: ${expression}`;
  if (mismatch.fault === null) return `${where}: is taken, must be refused: ${expression}`;
  return `${where}: is refused, must be taken: ${showFault(each.expression, mismatch.fault)}`;
};

const sentenceOf = (tally: Tally): string => {
  const counts = `${tally.expressions} expressions, ${tally.evaluations} evaluations`;
  if (tally.wrong_expressions + tally.wrong_evaluations === 0) return `${counts}: all as they must be`;
  return `${counts}: ${tally.wrong_expressions} expressions and ${tally.wrong_evaluations} evaluations wrong`;
};
