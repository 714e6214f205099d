/** Findings about the fields an expression reads: who fills them, and what they need. */
import type { Expression, ValueExpression } from '../ast.ts';
import type { Field } from '../fields/fields.ts';
import { nodesOf } from '../walk.ts';
import { type Finding, FindingCode, findingAt, type Remark } from './findings.ts';
import { isUnfilled, type Surroundings } from './knowledge.ts';

/** Each field once, at its first place. */
export const fieldFindings = (expression: Expression, surroundings: Surroundings): readonly Finding[] => {
  const seen = new Set<Field>();
  const findings: Finding[] = [];
  for (const node of nodesOf(expression)) {
    if (node.kind !== 'value' || node.base.kind !== 'field' || seen.has(node.base.field)) continue;
    seen.add(node.base.field);
    for (const remark of remarksOf(node.base.field, surroundings))
      findings.push(findingAt(placeOf(node), remark));
  }
  return findings;
};

/** The name, without what is picked from it. */
const placeOf = ({ base }: ValueExpression) => base;

const remarksOf = (field: Field, surroundings: Surroundings): readonly Remark[] => {
  const { name, aliasOf } = field;
  const remarks: Remark[] = [];
  if (isUnfilled(field, surroundings)) remarks.push(aboutUnfilled(field));
  if (aliasOf !== undefined)
    remarks.push({
      code: FindingCode.fieldAlias,
      severity: 'notice',
      message: `${name} is another name of ${aliasOf}`,
      hint: `write ${aliasOf}`,
    });
  if (field.needsBody === true)
    remarks.push({
      code: FindingCode.fieldNeedsBody,
      severity: 'notice',
      message: `${name} is there only if the gateway sends the body`,
    });
  return remarks;
};

const aboutUnfilled = ({ name, filledBy }: Field): Remark =>
  filledBy === 'nobody'
    ? {
        code: FindingCode.fieldNeverFilled,
        severity: 'warning',
        message: `nothing fills ${name}: it is always missing, and every comparison with it is false`,
      }
    : {
        code: FindingCode.fieldNotPassed,
        severity: 'warning',
        message: `the gateway of this zone does not pass ${name}: every comparison with it is false`,
        hint: 'let the gateway pass it as metadata',
      };
