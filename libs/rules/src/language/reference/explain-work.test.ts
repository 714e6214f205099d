import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpression } from '../expression.ts';
import { explainingStepsOf } from './explain-work.ts';

const stepsOf = (text: string): number => {
  const parsed = parseExpression(text);
  assert.ok(parsed.kind === 'parsed', text);
  return explainingStepsOf(parsed.expression);
};

test('counts the states of every pattern, repetitions as often as they are', () => {
  const agent = 'http.user_agent';

  assert.equal(stepsOf(`${agent} eq "a{900}"`), 1);
  assert.ok(stepsOf(`${agent} matches "a+"`) < 10);
  assert.ok(stepsOf(`${agent} matches "a{900}"`) >= 900);
  assert.ok(stepsOf(`not (${agent} matches "(a{30}){30}" and ssl)`) >= 900);
  assert.ok(stepsOf(`regex_replace(lower(${agent}), "a{500}", "b") eq "b"`) >= 500);
  assert.ok(stepsOf(`${agent} matches "a{400}" or ${agent} matches "b{400}"`) >= 800);
});
