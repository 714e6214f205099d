/** docs/openapi.yaml and docs/management-api.md against the routes that there are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import fastify from 'fastify';
import { parse } from 'yaml';
import { type RouteDeps, routes } from './routes.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const methods = ['get', 'post', 'put', 'patch', 'delete'];

interface Documented {
  readonly 'x-permission': string;
  readonly parameters?: readonly { readonly $ref?: string }[];
}
const document = parse(read('openapi.yaml')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
};

const documented = (): readonly (readonly [string, Documented])[] =>
  Object.entries(document.paths).flatMap(([path, of]) =>
    Object.entries(of)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );

/** `METHOD /path/{name} (permission)` of every route. */
const served = async (t: TestContext): Promise<readonly string[]> => {
  const app = fastify();
  t.after(() => app.close());
  const found: string[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    const path = url.replace(/:([a-z_]+)/g, '{$1}');
    for (const each of [method].flat())
      if (each !== 'HEAD') found.push(`${each} ${path} (${config?.permission})`);
  });
  // Routes ask for what they are given when they are called, never when they are made.
  routes(app, {} as RouteDeps);
  await app.ready();
  return found;
};

test('docs/openapi.yaml has every route with the permission it wants, and no other', async (t) => {
  const told = documented().map(([route, { 'x-permission': permission }]) => `${route} (${permission})`);

  assert.deepEqual(told.toSorted(), (await served(t)).toSorted());
});

test('every write is documented to take validate_only', () => {
  const writes = documented().filter(([route]) => !route.startsWith('GET '));

  for (const [route, { parameters }] of writes)
    assert.ok(
      parameters?.some(({ $ref }) => $ref === '#/components/parameters/validate_only'),
      route,
    );
});

test('every reference of docs/openapi.yaml leads somewhere', () => {
  const references = [...read('openapi.yaml').matchAll(/\$ref: '#\/([^']+)'/g)].map(
    (match) => match[1] ?? '',
  );

  for (const reference of new Set(references)) {
    const found = reference
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
    assert.notEqual(found, undefined, reference);
  }
});

/** `METHOD /zones/{}/…` of every command: variables of the shell and names of phases stand for the parts of paths. */
const commanded = (): ReadonlySet<string> => {
  const commands = read('management-api.md').matchAll(/call (?:-X ([A-Z]+) )?"\$API([^"?]*)/g);
  return new Set(
    [...commands].map(([, method = 'GET', path = '']) => {
      const parts = path.replaceAll(/\$\{?[A-Z_]+\}?|(?<=phases\/)[a-z_]+/g, '{}');
      return `${method} ${parts}`;
    }),
  );
};

test('docs/management-api.md has a command for every route', () => {
  const routesToldOf = documented().map(([route]) => route.replaceAll(/\{[a-z_]+\}/g, '{}'));

  const commands = commanded();

  assert.deepEqual(
    routesToldOf.filter((route) => !commands.has(route)),
    [],
  );
});
