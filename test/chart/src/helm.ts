/** Runs helm of tools/helm/install.sh on the chart, without a cluster. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter } from 'node:path';
import { root } from '@precede/testkit';
import { parseAllDocuments } from 'yaml';
import { chart } from './generated.ts';

const folder = `${root}.work/helm`;
/** Schemas and custom resource definitions that the same script fetches. */
export const schemasFolder = `${folder}/schemas`;
export const crdsFolder = `${folder}/crds`;
export const kubeVersions = ['1.29.0', '1.34.0'] as const;

/** For tests: false where helm is there, else why they are skipped; with CI=true nothing is. */
export const helmIsMissing = (): string | false =>
  existsSync(`${folder}/helm`) || process.env['CI'] === 'true' ? false : 'run tools/helm/install.sh first';

export type Program = 'helm' | 'helm3';

export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: an object of Kubernetes; its form is what the schemas are for.
  readonly spec?: any;
}

export interface HelmOptions {
  /** Names of ci/NAME-values.yaml, laid over each other. */
  readonly values?: readonly string[];
  readonly set?: Readonly<Record<string, unknown>>;
  readonly kube?: string;
  readonly program?: Program;
  readonly more?: readonly string[];
}

export const valuesFiles = (): readonly string[] =>
  readdirSync(`${chart}/ci`)
    .map((file) => file.replace(/-values\.yaml$/, ''))
    .sort();

export const runHelm = (args: readonly string[], program: Program = 'helm') => {
  const env = { ...process.env, PATH: [folder, process.env['PATH']].join(delimiter), HELM_NO_PLUGINS: '1' };
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env,
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
};

const argsOf = (options: HelmOptions): readonly string[] => [
  ...(options.values ?? ['minimal']).flatMap((name) => ['--values', `${chart}/ci/${name}-values.yaml`]),
  ...Object.entries(options.set ?? {}).flatMap(([path, value]) => [
    '--set-json',
    `${path}=${JSON.stringify(value)}`,
  ]),
];

/** The objects of a release; each set of options is rendered once. */
export const render = (options: HelmOptions = {}): readonly Rendered[] => {
  const key = JSON.stringify(options);
  const objects = rendered.get(key) ?? parse(template(options));
  rendered.set(key, objects);
  return objects;
};
const rendered = new Map<string, readonly Rendered[]>();

/** The text of all objects; throws what helm says. */
export const template = (options: HelmOptions = {}): string => {
  const kube = options.kube ?? kubeVersions[1];
  const args = [
    'template',
    'precede',
    chart,
    '--namespace',
    'precede',
    '--kube-version',
    kube,
    ...argsOf(options),
  ];
  const { status, stdout, stderr } = runHelm([...args, ...(options.more ?? [])], options.program);
  if (status !== 0) throw new Error(stderr);
  return stdout;
};

/** What helm says to values that it refuses. */
export const refusal = (options: HelmOptions): string => {
  try {
    template(options);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

export const lint = (values: string) =>
  runHelm(['lint', '--strict', chart, '--namespace', 'precede', ...argsOf({ values: [values] })]);

export const parse = (text: string): readonly Rendered[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
