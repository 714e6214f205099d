/**
 * Strict schemas out of the description that a running API server gives of itself, one file a kind, for
 * PRECEDE_TEST_KUBE_SCHEMAS:  kubectl get --raw /openapi/v2 | node test/chart/src/openapi-schemas.ts FOLDER
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

type Json = { readonly [key: string]: unknown };

interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}

const kept = ['type', 'enum', 'required'];

/** A definition with everything it refers to; one that contains itself is open there. */
const expand = (
  schema: Json,
  definitions: Readonly<Record<string, Json>>,
  above: readonly string[] = [],
): Json => {
  const inner = (each: unknown): Json => expand(each as Json, definitions, above);
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const name = reference.slice('#/definitions/'.length);
    if (above.includes(name)) return {};
    return expand(definitions[name] ?? {}, definitions, [...above, name]);
  }
  if (schema['format'] === 'int-or-string' || schema['x-kubernetes-int-or-string'] === true)
    return { type: ['string', 'integer'] };
  const { properties, additionalProperties, items } = schema;
  return {
    ...Object.fromEntries(kept.filter((key) => schema[key] !== undefined).map((key) => [key, schema[key]])),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: inner(additionalProperties) }
      : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as Json).map(([name, each]) => [name, inner(each)]),
          ),
          additionalProperties: false,
        }),
  };
};

const fileOf = ({ group, kind, version }: Kind): string =>
  `${[kind.toLowerCase(), group.split('.')[0], version].filter((part) => part !== '').join('-')}.json`;

/** By the name of its file, as kube-schemas.ts looks for it. */
export const schemasOf = (openapi: { readonly definitions: Readonly<Record<string, Json>> }) =>
  new Map(
    Object.values(openapi.definitions).flatMap((definition) =>
      ((definition['x-kubernetes-group-version-kind'] ?? []) as readonly Kind[]).map(
        (kind) => [fileOf(kind), expand(definition, openapi.definitions)] as const,
      ),
    ),
  );

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('openapi-schemas.ts FOLDER < openapi.json');
  mkdirSync(folder, { recursive: true });
  const schemas = schemasOf(JSON.parse(readFileSync(0, 'utf8')));
  for (const [file, schema] of schemas) writeFileSync(`${folder}/${file}`, JSON.stringify(schema));
  process.stdout.write(`${schemas.size} schemas\n`);
}
