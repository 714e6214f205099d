import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddress, printAddress } from './addresses.ts';
import { parseExpression, parseValueExpression } from './expression.ts';
import { printExpression, printValue, quote } from './print.ts';
import { fromOctets, fromText, toOctets, toText } from './values.ts';

const printed = (text: string): string => {
  const parsed = parseExpression(text);
  assert.ok(parsed.kind === 'parsed', `${text}: ${parsed.kind === 'refused' ? parsed.fault.message : ''}`);
  return printExpression(parsed.expression);
};

const forms: readonly (readonly [text: string, expected?: string])[] = [
  ['ssl'],
  ['!ssl&&ssl||ssl^^ssl', 'not ssl and ssl or ssl xor ssl'],
  ['( ssl )', '(ssl)'],
  ['not(ssl)', 'not (ssl)'],
  ['http.host=="a"', 'http.host eq "a"'],
  ['http.host ~ "a"', 'http.host matches "a"'],
  ['cf.threat_score&0x1F', 'cf.threat_score bitwise_and 31'],
  ['cf.threat_score eq 010', 'cf.threat_score eq 8'],
  ['cf.threat_score in { 1 2..3\n-4..-1 }', 'cf.threat_score in {1 2..3 -4..-1}'],
  ['cf.threat_score eq -9223372036854775808'],
  [
    'ip.src in {2001:0db8:0:0::/32 192.0.2.1..192.0.2.9 ::FFFF:192.0.2.1}',
    'ip.src in {2001:db8::/32 192.0.2.1..192.0.2.9 ::ffff:192.0.2.1}',
  ],
  ['ip.src eq 2001:0DB8::1', 'ip.src eq 2001:db8::1'],
  ['http.host in {}'],
  ['http.host in $a.b_1'],
  ['http.host wildcard r"a\\*"'],
  ['http.host strict wildcard "a*"'],
  ['http.host eq r##"a"#b"##'],
  ['http.host eq "\\x41\\102\\"\\\\"', 'http.host eq "AB\\"\\\\"'],
  ['http.host eq "a\nb\\xff"', 'http.host eq "a\\x0ab\\xff"'],
  ['http.host eq "\\xc3\\xa9"', 'http.host eq "é"'],
  ['http.host eq "\u200b"', 'http.host eq "\\xe2\\x80\\x8b"'],
  ['http.host eq 61:62.63', 'http.host eq 61-62-63'],
  ['http.host matches "[\\"]\\"\\."'],
  ['http.host matches r#"a""#'],
  ['any( cf.sequence.previous_ops[ * ] eq "a" )', 'any(cf.sequence.previous_ops[*] eq "a")'],
  [
    'all(not starts_with(cf.sequence.previous_ops[*] ,"a"))',
    'all(not starts_with(cf.sequence.previous_ops[*], "a"))',
  ],
  ['any((cf.sequence.previous_ops[*] eq "a" or cf.sequence.previous_ops[*] eq "b"))'],
  ['http.request.headers["x\\"y"][0] contains ""'],
  ['concat(http.host, ab-cd-ef) eq "a"'],
  ['cidr(ip.src,24,48) eq 192.0.2.0', 'cidr(ip.src, 24, 48) eq 192.0.2.0'],
  ['has_value(cf.sequence.previous_ops, "a")'],
  ['to_string(http.host eq "a") eq "true"'],
];

test('prints one form for each meaning', () => {
  for (const [text, expected = text] of forms) {
    assert.equal(printed(text), expected);
    assert.equal(printed(expected), expected);
  }
});

test('prints what gives a value', () => {
  const parsed = parseValueExpression('concat( "a",http.request.headers["b"][0] )');

  assert.ok(parsed.kind === 'parsed');
  assert.equal(printValue(parsed.expression), 'concat("a", http.request.headers["b"][0])');
});

test('any bytes are the same after they were quoted and read', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (octets) => {
      const bytes = fromOctets(octets);

      const parsed = parseExpression(`http.host eq ${quote(bytes)}`);

      assert.ok(parsed.kind === 'parsed' && parsed.expression.kind === 'ordering');
      assert.equal(parsed.expression.literal.value, bytes);
    }),
  );
});

test('any text is the same as bytes and back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(toText(fromText(text)), text);
      assert.deepEqual(toOctets(fromText(text)), new TextEncoder().encode(text));
    }),
  );
  assert.equal(fromOctets(new Uint8Array(20_000).fill(65)), 'A'.repeat(20_000));
});

test('any address is the same after it was printed and read', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const address = parseAddress(text);

      assert.ok(address !== null, text);
      assert.equal(parseAddress(printAddress(address)), address);
    }),
  );
});

const addresses: readonly (readonly [text: string, printed: string | null])[] = [
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['256.0.0.0', null],
  ['1.2.3', null],
  ['1.2.3.4.5', null],
  ['01.2.3.4', null],
  ['1..2.3', null],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['::192.0.2.1', '::c000:201'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:c000:201'],
  ['1:2:3:4:5:6:7:8:9', null],
  ['1:2:3:4::5:6:7:8', null],
  ['1:2:3:4:5:6:7', null],
  ['1::2::3', null],
  [':1::', null],
  ['12345::', null],
  ['::g', null],
  ['1.2.3.4::', null],
  ['fe80::1%eth0', null],
  ['', null],
];

test('reads addresses in full notation and prints them in the shortest', () => {
  for (const [text, expected] of addresses) {
    const address = parseAddress(text);
    assert.equal(address === null ? null : printAddress(address), expected, text);
  }
});
