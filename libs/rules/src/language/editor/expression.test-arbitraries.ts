/** Well-typed expressions in every notation, and requests whose values are those that the expressions name. */
import fc, { type Arbitrary } from 'fast-check';
import type { Value } from '../values.ts';

const ids = ['10ad1de0', '7e57ab1e', '99999999'];
const texts = ['', 'a', 'b', 'ab', 'ABC', 'get', 'GET', '10', 'true', 'éa', ...ids];
const numbers = [-1, 0, 1, 2, 5, 8, 10, 999, 1000, 3_600_000, 3_600_001];
const addresses = ['192.0.2.0', '192.0.2.77', '198.51.100.255', '2001:db8::', '2001:db8::1'];

const oneOf = fc.constantFrom;
const space = oneOf(' ', '  ', '\n', '\r\n  ');
const joined = (...parts: readonly (Arbitrary<string> | string)[]): Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((each) => each.join(''));

const quoted = oneOf(...texts).map((text) => `"${text}"`);
const raw = oneOf(...texts).map((text) => `r#"${text}"#`);
const text = fc.oneof({ weight: 4, arbitrary: quoted }, raw, oneOf('61:62', '"\\x61"', '"\\"\\\\"', 'r"\n"'));
/** Octets that begin as an integer are none among arguments. */
const textArgument = fc.oneof({ weight: 4, arbitrary: quoted }, raw, oneOf('6a:62', '"\\x61"', 'r"\n"'));
const number = fc.oneof(oneOf(...numbers).map(String), oneOf('0x0a', '010', '9223372036854775807'));
const address = oneOf(...addresses);

const plainBytes = oneOf(
  'http.host',
  'http.request.method',
  'http.request.uri.path.extension',
  'cf.sequence.current_op',
  'cf.sequence.previous_ops[0]',
  'cf.sequence.previous_ops[10]',
  'http.request.headers["x-tenant"][0]',
  'http.request.headers["X-Tenant"][0]',
  'cf.zone.plan',
);
const bytesValue = fc.oneof(
  { weight: 4, arbitrary: plainBytes },
  joined(oneOf('lower(', 'upper(', 'sha256('), plainBytes, ')'),
  joined(oneOf('concat(', 'coalesce('), plainBytes, ',', textArgument, ')'),
  joined('concat( ', plainBytes, ' , ', plainBytes, ',', plainBytes, ')'),
  joined('remove_bytes(', plainBytes, ', "a")'),
  joined('to_string(', oneOf('cf.threat_score', 'ssl', 'ip.src', '(ssl or cf.client.bot)', 'not ssl'), ')'),
  joined('split(', plainBytes, ', "a", 2)[', oneOf('0', '2'), ']'),
);
const intValue = fc.oneof(
  oneOf('cf.threat_score', 'http.request.timestamp.msec', 'cf.edge.client_port'),
  oneOf('cf.sequence.msec_since_op["10ad1de0"]', 'cf.sequence.msec_since_op["load"]'),
  joined('len(', plainBytes, ')'),
);
const ipValue = oneOf('ip.src', 'cidr(ip.src, 24, 48)', 'cidr6(ip.src, 32)');
const itemValue = oneOf(
  'cf.sequence.previous_ops[*]',
  'http.request.headers["x-tenant"][*]',
  'http.request.headers["X-Tenant"][*]',
  'lower(http.request.headers["x-tenant"][*])[*]',
);
const boolValue = fc.oneof(
  oneOf('ssl', 'cf.client.bot', 'has_key(http.request.headers, "X-Tenant")'),
  joined(oneOf('starts_with(', 'ends_with('), plainBytes, ', ', textArgument, ')'),
  oneOf('has_value(http.request.headers["x-tenant"], "a")', 'has_key(http.request.headers, "x-tenant")'),
);

const setOf = (member: Arbitrary<string>): Arbitrary<string> =>
  fc.array(member, { maxLength: 4 }).map((members) => `in {${members.join(' ')}}`);
const range = fc
  .tuple(oneOf(...numbers), fc.nat(5))
  .map(([first, further]) => (further === 0 ? String(first) : `${first}..${first + further}`));
const network = oneOf(...addresses, '192.0.2.0/24', '192.0.2.1..192.0.2.9', '2001:db8::/32', '0.0.0.0/0');

const order = oneOf('eq', '==', 'ne', '!=', 'lt', '<', 'le', '<=', 'gt', '>', 'ge', '>=');
const bytesTest = fc.oneof(
  { weight: 3, arbitrary: joined(order, space, text) },
  setOf(text),
  joined('contains', space, text),
  joined(oneOf('matches ', '~'), oneOf('".*"', '""', '"^"', '"a$|$"', '"a[^b]"', 'r"^.{2}"', '"(a?)+"')),
  joined(oneOf('wildcard ', 'strict wildcard '), oneOf('"*"', '"a*"', '"ABC"', 'r"a\\**"', '"*B*"')),
  fc.constant('in $names'),
);
const intTest = fc.oneof(
  joined(order, space, number),
  setOf(range),
  joined(oneOf('&', 'bitwise_and '), number),
);
const ipTest = fc.oneof(joined(oneOf('eq ', '!= '), address), setOf(network));

const comparison = fc.oneof(
  joined(bytesValue, space, bytesTest),
  joined(intValue, space, intTest),
  joined(ipValue, space, ipTest),
  boolValue,
);
const itemComparison = fc.oneof(joined(itemValue, ' ', bytesTest), joined('not ', itemValue, ' ', bytesTest));
const combiner = oneOf(' and ', '&&', ' or ', ' ||', '\nxor ', '^^');

const quantified = fc.oneof(
  joined(oneOf('any(', 'all ('), itemComparison, ')'),
  joined(oneOf('any((', 'all( ('), itemComparison, combiner, itemComparison, '))'),
  joined(oneOf('any(', 'all('), 'starts_with(http.request.headers["x-tenant"][*], ', textArgument, '))'),
);

const expressionsOf = (operand: Arbitrary<string>): Arbitrary<string> =>
  fc.letrec<{ expression: string; simple: string }>((tie) => ({
    simple: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      operand,
      joined(oneOf('not ', '!', 'not\n'), tie('simple')),
      joined('(', space, tie('expression'), ')'),
    ),
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('simple'),
      joined(tie('simple'), combiner, tie('simple')),
      joined(tie('simple'), combiner, tie('simple'), combiner, tie('simple')),
    ),
  })).expression;

/** The text of an expression that parses; the one list it may name is $names. */
export const anyExpression = expressionsOf(fc.oneof(comparison, quantified));

/** Many comparisons of few values, so that they have to do with each other. */
export const crowdedExpression = expressionsOf(
  fc.oneof(
    joined('http.host ', bytesTest),
    joined(oneOf('starts_with', 'ends_with'), '(http.host, ', textArgument, ')'),
    joined('ip.src ', ipTest),
    joined('cf.threat_score ', intTest),
    oneOf('ssl', 'any(cf.sequence.previous_ops[*] eq "10ad1de0")'),
  ),
);

const small = fc.integer({ min: 0, max: 4 });

/** Questions about two fields that are wholly answered by trying `smallRequests`. */
export const smallExpression = expressionsOf(
  fc.oneof(
    joined('cf.threat_score ', order, ' ', small.map(String)),
    fc.array(small, { maxLength: 3 }).map((members) => `cf.threat_score in {${members.join(' ')}}`),
    oneOf('ssl'),
  ),
);
export const smallRequests: readonly ReadonlyMap<string, Value>[] = [undefined, -1, 0, 1, 2, 3, 4, 5].flatMap(
  (score) =>
    [undefined, false, true].map((ssl) => {
      const values = new Map<string, Value>();
      if (score !== undefined) values.set('cf.threat_score', score);
      if (ssl !== undefined) values.set('ssl', ssl);
      return values;
    }),
);

const text8 = fc.oneof(
  { weight: 5, arbitrary: oneOf(...texts, 'abc', 'tenant') },
  fc.string({ maxLength: 4 }),
);
const bytesOf = text8.map((found) => Buffer.from(found).toString('latin1'));
const addressBytes = oneOf(
  '\xc0\x00\x02\x00',
  '\xc0\x00\x02\x4d',
  '\xc6\x33\x64\xff',
  `\x20\x01\x0d\xb8${'\0'.repeat(12)}`,
  `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01`,
);
const headerValues = fc.array(bytesOf, { maxLength: 2 });

/** The values of a request as its fields can have them, by field name; any of them may be missing. */
export const anyRequest: Arbitrary<ReadonlyMap<string, Value>> = fc
  .record(
    {
      'http.host': bytesOf,
      'http.request.method': bytesOf,
      'http.request.uri.path.extension': bytesOf.map((found) => found.toLowerCase()),
      'cf.sequence.current_op': oneOf('', ...ids),
      'cf.sequence.previous_ops': fc.array(oneOf(...ids), { maxLength: 10 }),
      'cf.sequence.msec_since_op': fc
        .uniqueArray(fc.tuple(oneOf(...ids), oneOf(0, 1, 5, 1000, 3_600_000)), { selector: ([id]) => id })
        .map((entries) => new Map(entries)),
      'http.request.headers': oneOf(['x-tenant'], []).chain((names) =>
        headerValues.map((values) => new Map(names.map((name) => [name, values]))),
      ),
      'cf.threat_score': oneOf(...numbers),
      'http.request.timestamp.msec': oneOf(0, 1, 999),
      'cf.edge.client_port': oneOf(0, 5, 999),
      'ip.src': addressBytes,
      ssl: fc.boolean(),
      'cf.client.bot': fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((values) => new Map(Object.entries(values) as [string, Value][]));
