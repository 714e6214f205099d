import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type AuditReport, exit, judge } from './audit.ts';
import { isAllowed, type Licensed, licenceFaults, licensedOf } from './licences.ts';
import { type LockEntry, lockFaults } from './lock.ts';
import { type Policy, readPolicy } from './policy.ts';
import { images, root } from './production.ts';
import { reachedFrom } from './reached.ts';
import { type Bom, faultsOf, makeBoms } from './sbom.ts';

const policy = readPolicy();
const release = { version: '0.1.0', commit: '0123456789ab' };

interface Lock {
  readonly packages: Readonly<Record<string, LockEntry & Readonly<Record<string, unknown>>>>;
}
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;

describe('bills of materials', () => {
  let boms: ReadonlyMap<string, Bom>;
  before(() => {
    boms = makeBoms(root, release);
  });

  test('there is one for each image that the Dockerfile knows', () => {
    const dockerfile = readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8');
    const named = /must be (.*) or (\w+)"/.exec(dockerfile);

    assert.deepEqual(
      [...(named?.[1]?.split(', ') ?? []), named?.[2]],
      images.map(({ name }) => name),
    );
  });

  for (const { name } of images)
    test(`that of ${name} keeps the schema and names the commit`, async () => {
      const bom = boms.get(name);

      assert.equal(await faultsOf(bom), null);
      assert.deepEqual(bom?.metadata.component['properties'], [
        { name: 'precede:commit', value: release.commit },
      ]);
    });

  test('each lists what its image installs, the engines in the all-in-one alone, and nothing for development', () => {
    const has = (image: string, name: string): boolean =>
      boms
        .get(image)
        ?.components.some(({ purl }) => decodeURIComponent(purl).startsWith(`pkg:npm/${name}@`)) === true;

    for (const { name, hasEngines } of images) {
      assert.ok(has(name, 'kafkajs') && has(name, 'ajv') && has(name, '@precede/log'), name);
      assert.equal(has(name, 'chdb') && has(name, 'lmdb'), hasEngines, name);
      assert.ok(
        !has(name, '@biomejs/biome') && !has(name, 'testcontainers') && !has(name, '@precede/testkit'),
        name,
      );
    }
    assert.deepEqual(
      images.filter(({ name }) => has(name, '@clickhouse/client')).map(({ name }) => name),
      ['scorer', 'control', 'cli', 'precede'],
    );
    assert.ok(has('enforcer', 'ioredis') && !has('ingest', 'ioredis'));
  });

  test('every package that the lock file reaches is in the bill, and is told once', () => {
    for (const image of images) {
      const listed = boms
        .get(image.name)
        ?.components.map(({ purl }) => decodeURIComponent(purl.replace('pkg:npm/', '')));

      assert.deepEqual(new Set(listed), new Set(reachedFrom(root, image)), image.name);
      assert.equal(new Set(listed).size, listed?.length, image.name);
    }
  });

  test('a bill that breaks the schema is refused', async () => {
    const bom = boms.get('ingest');

    assert.notEqual(await faultsOf({ ...bom, components: [{ name: 'no type' }] }), null);
    assert.notEqual(await faultsOf({ ...bom, surprise: true }), null);
  });

  test('every licence of today is allowed, and docs/licences.md is up to date in its packages', () => {
    const all = licensedOf(boms, policy.licences.known);
    const document = readFileSync(join(root, 'docs/licences.md'), 'utf8');

    assert.deepEqual(licenceFaults(all, policy.licences), []);
    for (const { name, version, licence } of all)
      assert.ok(
        document.includes(`| \`${name}\` | ${version} | ${licence} |`),
        `${name} is not in docs/licences.md`,
      );
  });
});

describe('licences', () => {
  const of = (name: string, licence: string): Licensed => ({
    name,
    version: '1.0.0',
    licence,
    images: ['ingest'],
  });
  const rules: Policy['licences'] = { allowed: ['MIT', 'ISC'], known: {} };

  test('one that is not allowed fails, and so does one that nobody tells', () => {
    assert.deepEqual(licenceFaults([of('good', 'MIT')], rules), []);
    assert.match(
      licenceFaults([of('bad', 'AGPL-3.0-only')], rules)[0] ?? '',
      /bad 1\.0\.0 is under AGPL-3\.0-only/,
    );
    assert.match(licenceFaults([of('mute', '')], rules)[0] ?? '', /does not say its licence/);
  });

  test('a line of the policy that nothing needs fails', () => {
    assert.match(
      licenceFaults([], { ...rules, known: { gone: 'MIT' } })[0] ?? '',
      /gone, which no image holds/,
    );
  });

  test('expressions are met by one side of OR and both of AND', () => {
    const cases: readonly (readonly [string, boolean])[] = [
      ['MIT', true],
      ['(MIT OR GPL-2.0-only)', true],
      ['MIT AND GPL-2.0-only', false],
      ['(GPL-2.0-only OR ISC) AND MIT', true],
      ['GPL-2.0-only OR (MIT AND AGPL-3.0-only)', false],
      ['GPL-2.0-only WITH Classpath-exception-2.0', false],
      ['MIT WITH a wink', false],
      ['(MIT', false],
      ['', false],
    ];
    for (const [expression, expected] of cases)
      assert.equal(isAllowed(expression, rules.allowed), expected, expression);
  });
});

describe('the lock file', () => {
  const npmrc = 'ignore-scripts=true\n';
  const integrity = `sha512-${'A'.repeat(86)}==`;

  test('that of today holds', () => {
    assert.deepEqual(lockFaults(lock.packages, readFileSync(join(root, '.npmrc'), 'utf8')), []);
  });

  test('a package without a hash, with a weak one or from elsewhere fails, and so do install scripts', () => {
    const faults = (entry: LockEntry): string[] => lockFaults({ 'node_modules/x': entry }, npmrc);

    assert.deepEqual(faults({ version: '1.0.0', integrity }), []);
    assert.match(faults({ version: '1.0.0' })[0] ?? '', /node_modules\/x has no sha512/);
    assert.match(faults({ version: '1.0.0', integrity: 'sha1-abc=' })[0] ?? '', /has no sha512/);
    assert.match(
      faults({ integrity, resolved: 'git+ssh://git@host/x.git' })[0] ?? '',
      /from an address of its own/,
    );
    assert.match(lockFaults({}, 'fund=false\n')[0] ?? '', /ignore-scripts=true/);
  });

  test('an optional package of another platform may lack one, that of the images’ platform may not', () => {
    const faults = (entry: LockEntry): number => lockFaults({ 'node_modules/x': entry }, npmrc).length;

    assert.equal(faults({ optional: true, os: ['darwin'], cpu: ['arm64'] }), 0);
    assert.equal(faults({ optional: true, os: ['linux'], cpu: ['x64'] }), 1);
    assert.equal(faults({ optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] }), 0);
    assert.equal(faults({ os: ['darwin'], cpu: ['arm64'] }), 1);
    assert.equal(faults({ optional: true }), 1);
  });
});

describe('the audit', () => {
  const advisory = {
    source: 1001,
    url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
    name: 'left',
    title: 'Bytes are read past the end',
    severity: 'high',
  };
  const report = (severity: string): AuditReport => ({
    vulnerabilities: { left: { via: [{ ...advisory, severity }] }, right: { via: ['left'] } },
  });
  const rules: Policy['audit'] = { level: 'moderate', excused: [] };
  const excuse = { advisory: advisory.url, package: 'left', reason: 'we read nothing', until: '2026-03-01' };

  test('an advisory of the level or above fails, one below is told', () => {
    assert.equal(judge({ vulnerabilities: {} }, rules, '2026-02-01').code, exit.clean);
    assert.equal(judge(report('critical'), rules, '2026-02-01').code, exit.found);
    assert.equal(judge(report('moderate'), rules, '2026-02-01').code, exit.found);
    assert.equal(judge(report('unheard-of'), rules, '2026-02-01').code, exit.found);
    assert.deepEqual(judge(report('low'), rules, '2026-02-01'), {
      code: exit.clean,
      lines: [`low: left: Bytes are read past the end (${advisory.url})`],
    });
  });

  test('an excuse holds until its day, for its package and advisory alone', () => {
    const excused = { ...rules, excused: [excuse] };

    assert.equal(judge(report('high'), excused, '2026-02-28').code, exit.clean);
    assert.match(judge(report('high'), excused, '2026-03-01').lines.join(), /is over since 2026-03-01/);
    assert.equal(judge(report('high'), excused, '2026-03-01').code, exit.found);
    const other = { ...rules, excused: [{ ...excuse, package: 'right' }] };
    assert.equal(judge(report('high'), other, '2026-02-28').code, exit.found);
    assert.match(judge({ vulnerabilities: {} }, excused, '2026-02-28').lines.join(), /needed no more/);
  });

  test('an audit that was not made is no pass', () => {
    const verdict = judge({ message: '405 Method Not Allowed' }, rules, '2026-02-01');

    assert.equal(verdict.code, exit.notMade);
    assert.match(verdict.lines[0] ?? '', /NOT MADE: 405 Method Not Allowed/);
  });

  test('every excuse of today has a reason and a day', () => {
    for (const { reason, until } of policy.audit.excused) {
      assert.ok(reason.length > 20);
      assert.match(until, /^\d{4}-\d{2}-\d{2}$/);
    }
  });
});
