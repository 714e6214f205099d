/** `precede rules check|explain|fmt|fields`: the Rules language on the command line; nothing is asked of an instance. */
import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { InputError } from '@precede/contracts';
import {
  CaseError,
  type ExpressionFault,
  evaluateReference,
  explain,
  type Finding,
  fieldsOf,
  formatExpression,
  lintExpression,
  type NamedLists,
  parseExpression,
  parseFields,
  parseNamedLists,
  positionIn,
  printExpression,
  showFault,
  vocabularyForEditors,
} from '@precede/rules';
import type { Command } from 'commander';
import { ExitCode } from './exit.ts';
import { wholeNumber } from './options.ts';
import { clean, dim, green, note, print, printJson, red, table } from './output.ts';

interface TextOptions {
  readonly file?: string;
  readonly json?: boolean;
}

export const rulesLanguageCommands = (rules: Command): void => {
  checkCommand(rules);
  explainCommand(rules);
  formatCommand(rules);
  fieldsCommand(rules);
};

const withText = (command: Command): Command =>
  command
    .argument('[expression]', 'the expression; quote it for the shell')
    .option('--file <file>', 'read it from a file, - for standard input')
    .option('--json', 'print JSON');

/** The argument, or what the file has. */
const textOf = async (given: string | undefined, { file }: TextOptions): Promise<string> => {
  if ((given === undefined) === (file === undefined))
    throw new InputError('/expression', 'give an expression as the argument, or --file');
  if (given !== undefined) return given;
  return readInput(file as string, '--file');
};

/** A file's text; of `-` that of standard input. */
const readInput = async (file: string, option: string): Promise<string> => {
  try {
    return file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new InputError(`/${option.slice(2)}`, `${option}: ${file} cannot be read (${code})`);
  }
};

const parsedJson = <T>(text: string, option: string, parse: (json: unknown) => T): T => {
  try {
    return parse(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof CaseError)) throw error;
    throw new InputError(`/${option.slice(2)}`, `${option}: ${error.message}`);
  }
};

const listsOf = async (file: string | undefined): Promise<NamedLists | undefined> =>
  file === undefined ? undefined : parsedJson(await readInput(file, '--lists'), '--lists', parseNamedLists);

/** It is the fault of who wrote the expression: exit code 2, the message shows the place. */
const refused = (text: string, fault: ExpressionFault): InputError =>
  new InputError('/expression', showFault(text, fault));

interface CheckOptions extends TextOptions {
  readonly lists?: string;
  readonly strict?: boolean;
}

const checkCommand = (rules: Command): void => {
  withText(rules.command('check').description('check an expression: is it right, and does it make sense?'))
    .option('--lists <file>', 'JSON of the named lists: {"name": {"type", "items"}}')
    .option('--strict', 'exit code 6 where there are warnings')
    .action(async (given: string | undefined, options: CheckOptions) => {
      const text = await textOf(given, options);
      const lists = await listsOf(options.lists);
      const parsed = parseExpression(text, { lists });
      if (parsed.kind === 'refused') {
        if (options.json !== true) throw refused(text, parsed.fault);
        process.exitCode = ExitCode.usage;
        return printJson({ valid: false, fault: parsed.fault, findings: [] });
      }
      const findings = lintExpression(parsed.expression, { lists });
      const fields = fieldsOf(parsed.expression).map((field) => field.name);
      if (options.strict === true && findings.some((each) => each.severity === 'warning'))
        process.exitCode = ExitCode.mismatch;
      if (options.json === true)
        return printJson({ valid: true, expression: printExpression(parsed.expression), fields, findings });
      print(`${green('valid')}${fields.length === 0 ? '' : `; reads ${fields.join(', ')}`}`);
      for (const finding of findings) print(findingText(text, finding));
    });
};

const findingText = (text: string, { severity, message, hint, offset }: Finding): string => {
  const { line, column } = positionIn(text, offset);
  const label = severity === 'warning' ? red(severity) : dim(severity);
  return `${label} ${line}:${column}: ${clean(message)}${hint === undefined ? '' : `\n  ${clean(hint)}`}`;
};

interface ExplainOptions extends TextOptions {
  readonly fields?: string;
  readonly request?: string;
  readonly lists?: string;
}

const explainCommand = (rules: Command): void => {
  withText(
    rules
      .command('explain')
      .description('evaluate an expression for one request and show what each part gave'),
  )
    .option('--fields <json>', 'the values of the request by field, \'{"http.host": "a.example"}\'')
    .option('--request <file>', 'the same from a file, - for standard input')
    .option('--lists <file>', 'JSON of the named lists: {"name": {"type", "items"}}')
    .action(async (given: string | undefined, options: ExplainOptions) => {
      const text = await textOf(given, options);
      const values = parsedJson(await requestOf(options), '--fields', (json) => parseFields(json));
      const lists = await listsOf(options.lists);
      const parsed = parseExpression(text, { lists });
      if (parsed.kind === 'refused') throw refused(text, parsed.fault);
      const trace = evaluateReference(parsed.expression, values, lists ?? new Map());
      const explanation = explain(trace, text);
      if (options.json === true)
        return printJson({ result: trace.value, sentence: explanation.sentence, tree: explanation.tree });
      print(clean(explanation.sentence));
      print('');
      for (const line of explanation.lines) print(clean(line));
    });
};

const requestOf = async ({ fields, request }: ExplainOptions): Promise<string> => {
  if (fields !== undefined && request !== undefined)
    throw new InputError('/fields', 'give --fields or --request, not both');
  if (request !== undefined) return readInput(request, '--request');
  return fields ?? '{}';
};

interface FormatOptions extends TextOptions {
  readonly width: number;
  readonly check?: boolean;
}

const formatCommand = (rules: Command): void => {
  withText(rules.command('fmt').description('print an expression in its canonical notation'))
    .option('--width <characters>', 'length of a line', wholeNumber('width', 20, 4096), 100)
    .option('--check', 'print nothing; exit code 6 where it is written otherwise')
    .action(async (given: string | undefined, options: FormatOptions) => {
      const text = await textOf(given, options);
      const formatted = formatExpression(text, { width: options.width });
      if (formatted.kind === 'refused') throw refused(text, formatted.fault);
      if (options.check === true) {
        if (formatted.text === text.trim()) return;
        process.exitCode = ExitCode.mismatch;
        return note('not in canonical notation; "precede rules fmt" prints it');
      }
      if (options.json === true) return printJson({ text: formatted.text });
      print(formatted.text);
    });
};

const fieldsCommand = (rules: Command): void => {
  rules
    .command('fields')
    .description('the fields an expression can read, with their types and who fills them')
    .argument('[part]', 'only those with this in their name')
    .option('--json', 'print JSON: fields, operators, functions and words, for editors')
    .action((part: string | undefined, options: { json?: boolean }) => {
      const vocabulary = vocabularyForEditors();
      const fields = vocabulary.fields.filter((field) => part === undefined || field.name.includes(part));
      if (options.json === true) return printJson({ ...vocabulary, fields });
      if (fields.length === 0) return note(`no field has ${JSON.stringify(part)} in its name`);
      return print(
        table(
          ['FIELD', 'TYPE', 'FILLED BY', 'MEANING'],
          fields.map((field) => [field.name, field.type, field.filledBy, field.doc]),
        ),
      );
    });
};
