/**
 * Strict schemas of every kind the chart makes: an unknown field is a fault, as it is for the API server. Kubernetes's own
 * are made from the description of a release, those of custom resources from their definitions.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { crdsFolder, type Rendered, schemasFolder } from './helm.ts';

type Json = { readonly [key: string]: unknown };

export interface KubeSchemas {
  /** Faults of one object, empty where there is none. */
  faults(object: Rendered): readonly string[];
}

/** `deployment-apps-v1`, as the files are called. */
const fileOf = ({ apiVersion, kind }: Rendered): string => {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return [kind.toLowerCase(), group.split('.')[0], version].filter((part) => part !== '').join('-');
};

/** Of one release of Kubernetes, or of a folder that openapi-schemas.ts has made from a running server. */
export const kubeSchemas = (folder: string): KubeSchemas => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false });
  const definitions = `${folder}/_definitions.json`;
  if (existsSync(definitions)) ajv.addSchema(readJson(definitions), '_definitions.json');
  const custom = customSchemas();
  const known = new Map<string, ValidateFunction>();
  const compile = (object: Rendered): ValidateFunction => {
    const file = `${folder}/${fileOf(object)}.json`;
    const schema =
      custom.get(`${object.apiVersion} ${object.kind}`) ?? (existsSync(file) ? readJson(file) : undefined);
    if (schema === undefined)
      throw new Error(`no schema of ${object.apiVersion} ${object.kind} in ${folder}`);
    return ajv.compile(schema);
  };
  return {
    faults: (object) => {
      const key = `${object.apiVersion} ${object.kind}`;
      const validate = known.get(key) ?? compile(object);
      known.set(key, validate);
      const isValid: boolean = validate(object);
      if (isValid) return [];
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${object.kind} ${object.metadata.name}${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    },
  };
};

export const releaseSchemas = (version: string): KubeSchemas => kubeSchemas(`${schemasFolder}/${version}`);

const readJson = (file: string): Json => JSON.parse(readFileSync(file, 'utf8')) as Json;

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Json };
    }[];
  };
}

const customSchemas = (): ReadonlyMap<string, Json> => {
  const schemas = new Map<string, Json>();
  for (const file of readdirSync(crdsFolder)) {
    const { spec } = parse(readFileSync(`${crdsFolder}/${file}`, 'utf8')) as Definition;
    for (const { name, schema } of spec.versions)
      schemas.set(`${spec.group}/${name} ${spec.names.kind}`, withMetadata(strict(schema.openAPIV3Schema)));
  }
  return schemas;
};

/** The API server itself knows the metadata of custom resources; their definitions only say that it is an object. */
const withMetadata = (schema: Json): Json => ({
  ...schema,
  properties: { ...(schema['properties'] as Json), metadata: { type: 'object' } },
});

/** What the API server makes of a definition: members that it does not name are refused, unless it keeps unknown ones. */
export const strict = (schema: Json): Json => {
  if (schema['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] };
  const closed =
    schema['properties'] !== undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true;
  const known = Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => kept.has(key))
      .map(([key, value]) => [key, inner(key, value)]),
  );
  return closed && known['additionalProperties'] === undefined
    ? { ...known, additionalProperties: false }
    : known;
};

/** Without patterns: those of definitions are Go's. */
const kept = new Set([
  'type',
  'enum',
  'required',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'properties',
  'items',
  'additionalProperties',
]);

const inner = (key: string, value: unknown): unknown => {
  if (key === 'properties')
    return Object.fromEntries(
      Object.entries(value as Json).map(([name, member]) => [name, strict(member as Json)]),
    );
  if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object'))
    return strict(value as Json);
  return value;
};
