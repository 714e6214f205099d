/**
 * Question: what does a sequence rule cost to evaluate and to compile, beside the plain reference evaluator and beside
 * closures written by hand?
 * Input: 1,024 seeded requests over 40 operations, up to 10 operations before each, asked again and again (a request is
 * in the processor's cache when its rules are asked); 100 rules in the four shapes of the documentation (A before B, at
 * least a second before, the reverse of each), spread over the operations or all at one; mixed rules.
 * The number is not: filling the slots of a request, which is the gateway's part, or acting on what matched.
 * Run: node bench/src/rules-evaluate.bench.ts [--quick]
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import {
  compileExpression,
  type Expression,
  evaluateReference,
  FieldLayout,
  parseExpression,
  RuleSet,
  type Slots,
  type Value,
} from '@precede/rules';
import { seeded } from '@precede/testkit/seeded';
import { do_not_optimize } from 'mitata';

const isQuick = process.argv.includes('--quick');
const requests = 1024;
/** Times that a round asks them all. */
const repeats = isQuick ? 32 : 128;
const rounds = isQuick ? 3 : 9;
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const random = seeded(7);
const pick = (count: number): number => Math.floor(random() * count);

const operations = Array.from({ length: 40 }, () =>
  Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0'),
);
const operation = (at: number): string => operations[at % operations.length] as string;

interface Request {
  readonly currentOp: string;
  readonly previousOps: readonly string[];
  readonly msecSinceOp: ReadonlyMap<string, number>;
}

const makeRequest = (): Request => {
  const previousOps = Array.from({ length: pick(11) }, () => operation(pick(40)));
  const msecSinceOp = new Map<string, number>();
  for (const each of previousOps) if (!msecSinceOp.has(each)) msecSinceOp.set(each, pick(5000));
  return { currentOp: operation(pick(40)), previousOps, msecSinceOp };
};
const all = Array.from({ length: requests }, makeRequest);

const valuesOf = ({ currentOp, previousOps, msecSinceOp }: Request): ReadonlyMap<string, Value> =>
  new Map<string, Value>([
    ['cf.sequence.current_op', currentOp],
    ['cf.sequence.previous_ops', previousOps],
    ['cf.sequence.msec_since_op', msecSinceOp],
  ]);

/** The shapes of the documentation: as text, and as a person would write them in the language of the gateway. */
const shapes: readonly (readonly [
  name: string,
  text: (a: string, b: string) => string,
  byHand: (a: string, b: string) => (request: Request) => boolean,
])[] = [
  [
    'A before B',
    (a, b) => `cf.sequence.current_op eq "${b}" and any(cf.sequence.previous_ops[*] == "${a}")`,
    (a, b) => (r) => r.currentOp === b && r.previousOps.includes(a),
  ],
  [
    'B without A before',
    (a, b) => `cf.sequence.current_op eq "${b}" and not any(cf.sequence.previous_ops[*] == "${a}")`,
    (a, b) => (r) => r.currentOp === b && !r.previousOps.includes(a),
  ],
  [
    'A at least 1 s before B',
    (a, b) => `cf.sequence.current_op eq "${b}" and cf.sequence.msec_since_op["${a}"] ge 1000`,
    (a, b) => (r) => r.currentOp === b && (r.msecSinceOp.get(a) ?? -1) >= 1000,
  ],
  [
    'A within 1 s or not before B',
    (a, b) => `cf.sequence.current_op eq "${b}" and not cf.sequence.msec_since_op["${a}"] ge 1000`,
    (a, b) => (r) => r.currentOp === b && !((r.msecSinceOp.get(a) ?? -1) >= 1000),
  ],
];
type Shape = (typeof shapes)[number];

const parsed = (text: string): Expression => {
  const result = parseExpression(text);
  if (result.kind === 'parsed') return result.expression;
  throw new Error(`${text}: ${result.fault.message}`);
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** Nanoseconds a call of each contender, medians of rounds in turn; what they count must agree. */
const race = (contenders: Readonly<Record<string, () => number>>, calls: number): Record<string, number> => {
  const times = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
  // The first round warms up and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const counts = new Set<number>();
    for (const [name, work] of Object.entries(contenders)) {
      const startMs = performance.now();
      counts.add(work());
      const ns = ((performance.now() - startMs) * 1e6) / calls;
      if (round > 0) times.get(name)?.push(ns);
    }
    if (counts.size !== 1) throw new Error(`they count ${[...counts].join(', ')}`);
  }
  return Object.fromEntries([...times].map(([name, found]) => [name, median(found)]));
};

const count = <T>(inputs: readonly T[], test: (input: T) => boolean, times = repeats): number => {
  let hits = 0;
  for (let again = 0; again < times; again += 1)
    for (let at = 0; at < inputs.length; at += 1) if (test(inputs[at] as T)) hits += 1;
  return hits;
};

const row = (name: string, times: Record<string, number>, unit: 'ns' | 'µs'): void => {
  const shown = Object.entries(times).map(([who, ns]) => {
    const time = unit === 'ns' ? ns.toFixed(1) : (ns / 1000).toFixed(3);
    return `${who} ${time} ${unit}`;
  });
  print(`${name}: ${shown.join(', ')}`);
};

print(`${requests} requests asked ${repeats} times, 40 operations, medians of ${rounds} rounds in turn`);
print('one sequence rule, an evaluation, where the operation is that of the rule:');
for (const [name, text, byHand] of shapes) {
  const [a, b] = [operation(3), operation(9)];
  const layout = new FieldLayout();
  const expression = parsed(text(a, b));
  const compiled = compileExpression(expression, { layout });
  const mine = all.map((request) => ({ ...request, currentOp: b }));
  const mineMaps = mine.map(valuesOf);
  const slots = mineMaps.map((values) => layout.fill(values));
  const hand = byHand(a, b);
  const times = race(
    {
      compiled: () => count(slots, compiled),
      'by hand': () => count(mine, hand),
      reference: () =>
        count(mineMaps, (values) => evaluateReference(expression, values, new Map()).value === true),
    },
    requests * repeats,
  );
  row(`  ${name}`, times, 'ns');
}

const benchSet = (title: string, endOf: (rule: number) => string, asked: readonly Request[] = all): void => {
  const maps = asked.map(valuesOf);
  const rules = Array.from({ length: 100 }, (_, at) => {
    const [, text, byHand] = shapes[at % shapes.length] as Shape;
    const [a, b] = [operation(at * 7 + 1), endOf(at)];
    return { tag: at, expression: parsed(text(a, b)), byHand: byHand(a, b) };
  });
  const set = new RuleSet(rules);
  const slots = maps.map((values) => set.layout.fill(values));
  const inTurn = rules.map(({ expression }) => compileExpression(expression, { layout: set.layout }));
  const matchesOf = (each: Slots): number => {
    const candidates = set.rulesFor(each);
    let hits = 0;
    for (let at = 0; at < candidates.length; at += 1) if (candidates[at]?.matches(each) === true) hits += 1;
    return hits;
  };
  const sum = <T>(inputs: readonly T[], of: (input: T) => number, times = repeats): number => {
    let hits = 0;
    for (let again = 0; again < times; again += 1)
      for (let at = 0; at < inputs.length; at += 1) hits += of(inputs[at] as T);
    return hits;
  };
  const times = race(
    {
      compiled: () => sum(slots, matchesOf),
      'compiled, one by one': () => sum(slots, (each) => count(inTurn, (rule) => rule(each), 1)),
      'by hand, one by one': () => sum(asked, (each) => count(rules, (rule) => rule.byHand(each), 1)),
    },
    requests * repeats,
  );
  const referenceNs = race(
    {
      reference: () =>
        sum(
          maps,
          (values) =>
            count(
              rules,
              ({ expression }) => evaluateReference(expression, values, new Map()).value === true,
              1,
            ),
          1,
        ),
    },
    requests,
  );
  row(title, { ...times, ...referenceNs }, 'µs');
};
benchSet('100 sequence rules over 40 operations, a request', (rule) => operation(rule));
benchSet('100 sequence rules that end in one operation of 40, a request', () => operation(0));
benchSet(
  'the same, a request of that operation',
  () => operation(0),
  all.map((request) => ({ ...request, currentOp: operation(0) })),
);

/** Collections of garbage while `work` runs: whatever allocates brings them about. They are told a moment later. */
const collectionsOf = async (work: () => unknown): Promise<number> => {
  let seen = 0;
  const observer = new PerformanceObserver((list) => {
    seen += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  do_not_optimize(work());
  await setTimeout(20);
  observer.disconnect();
  return seen;
};

/** The control makes one small object an evaluation, which has to be seen. */
const measureGarbage = async (): Promise<void> => {
  const asks = isQuick ? 400 : 200;
  const evaluations = asks * requests * repeats;
  for (const [name, text] of shapes) {
    const layout = new FieldLayout();
    const compiled = compileExpression(parsed(text(operation(3), operation(9))), { layout });
    const slots = all.map((request) => layout.fill(valuesOf({ ...request, currentOp: operation(9) })));
    let made: object = {};
    const wasteful = (each: Slots): boolean => {
      made = { each };
      return compiled(each);
    };
    const run = (test: (each: Slots) => boolean) => (): void => {
      for (let ask = 0; ask < asks; ask += 1) do_not_optimize(count(slots, test));
    };
    run(compiled)();
    const [own, control] = [await collectionsOf(run(compiled)), await collectionsOf(run(wasteful))];
    do_not_optimize(made);
    print(
      `  ${name}: ${own} collections in ${(evaluations / 1e6).toFixed(0)} M evaluations, ${control} with an object each`,
    );
    if (own * 4 > control || control < 5)
      throw new Error(`"${name}": ${own} collections, ${control} in the control`);
  }
};
print('allocation of one sequence rule:');
await measureGarbage();

const mixed: readonly (readonly [name: string, text: string])[] = [
  ['sequence rule', shapes[0]?.[1](operation(3), operation(9)) as string],
  ['sequence rule with time', shapes[3]?.[1](operation(3), operation(9)) as string],
  [
    'texts, sets, addresses',
    'http.host eq "shop.example.com" and (http.request.method in {"PUT" "POST" "DELETE"} or starts_with(http.request.uri.path, "/admin/")) and not ip.src in {198.51.100.0/24 2001:db8::/32} and cf.threat_score gt 10',
  ],
  [
    'headers and functions',
    'any(lower(http.request.headers["x-tenant"][*])[*] eq "blue") and len(http.request.uri.path) lt 200 and concat(http.request.method, " ", http.host) eq "GET a.example.net"',
  ],
  ['a regular expression', 'http.request.uri.path matches r"^/api/v[0-9]+/users/[^/]+$"'],
];
print('parse and compile, a rule:');
for (const [name, text] of mixed) {
  const times = isQuick ? 500 : 5000;
  const us: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startMs = performance.now();
    for (let i = 0; i < times; i += 1)
      do_not_optimize(compileExpression(parsed(text), { layout: new FieldLayout() }));
    us.push(((performance.now() - startMs) * 1000) / times);
  }
  print(`  ${name}: ${median(us).toFixed(1)} µs`);
}
