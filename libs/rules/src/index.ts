export { parseAddress, printAddress } from './language/addresses.ts';
export type { Expression, Span, ValueExpression } from './language/ast.ts';
export { CaseError } from './language/case-error.ts';
export { type Case, parseCase, parseFields, parseNamedLists } from './language/cases.ts';
export type { Condition, Getter } from './language/compiled/condition.ts';
export {
  type CompileOptions,
  compileExpression,
  compileValueExpression,
} from './language/compiled/expression.ts';
export { FieldLayout, type Slots } from './language/compiled/layout.ts';
export { type CompiledRule, operationsOf, type Rule, RuleSet } from './language/compiled/rule-set.ts';
export {
  type CompletionItem,
  type CompletionOptions,
  completionsAt,
  type NamedOperation,
} from './language/editor/completion.ts';
export { type Finding, FindingCode, type Severity } from './language/editor/findings.ts';
export { type FormatOptions, type FormattedExpression, formatExpression } from './language/editor/format.ts';
export { type Hover, type HoverOptions, hoverAt } from './language/editor/hover.ts';
export { type LintOptions, lintExpression } from './language/editor/lint.ts';
export { lintRules } from './language/editor/lint-rules.ts';
export { type EditorVocabulary, vocabularyForEditors } from './language/editor/vocabulary.ts';
export {
  maxCharacters,
  type ParsedExpression,
  type ParsedValue,
  type ParseOptions,
  parseExpression,
  parseValueExpression,
} from './language/expression.ts';
export { type ExpressionFault, ExpressionFaultCode, positionIn, showFault } from './language/faults.ts';
export { type Field, FieldSource, fieldByName, fields } from './language/fields/fields.ts';
export { functions } from './language/functions/functions.ts';
export { parseList } from './language/list-items.ts';
export type { NamedList, NamedLists } from './language/lists.ts';
export { operators } from './language/operators.ts';
export { printExpression, printValue } from './language/print.ts';
export { evaluateReference, type Trace } from './language/reference/evaluate.ts';
export { type Explanation, explain } from './language/reference/explain.ts';
export { explainingStepsOf } from './language/reference/explain-work.ts';
export {
  type CaseOutcome,
  compiledEvaluator,
  type Evaluator,
  type Mismatch,
  referenceEvaluator,
  runCase,
} from './language/run-cases.ts';
export type { Type } from './language/types.ts';
export { fromText, toText, type Value } from './language/values.ts';
export { fieldsOf } from './language/walk.ts';
export {
  createLookback,
  isWithinGap,
  type Lookback,
  lookbackGapMs,
  maxRaw,
  maxRuns,
  push,
  rawAgeMs,
  rawCountAt,
  runsAt,
} from './lookback.ts';
export {
  type CompiledMitigation,
  compileMitigation,
  type MitigationFault,
  MitigationFaultCode,
  type MitigationRule,
  type MitigationTable,
} from './mitigation.ts';
export {
  decideMitigation,
  type Enforces,
  MitigationCause,
  type MitigationVerdict,
} from './mitigation-decide.ts';
export { listTypes } from './phases/list-types.ts';
export {
  type Characteristic,
  type Match,
  matchAll,
  type ParsedHeader,
  type ParsedRule,
  type ParsedText,
  type ParseRuleResult,
  parseRule,
  type RuleFault,
  type RulePath,
  type RuleTexts,
  sessionCharacteristic,
} from './phases/parse-rule.ts';
