/**
 * The bill of materials of each image, CycloneDX 1.5 as JSON, made by npm from the lock file alone and held against the
 * schema of the standard: node tools/supply-chain/sbom.ts [DIR], .work/sbom unless told.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { versionOf } from '../../libs/service/src/version.ts';
import { type Image, images, inProductionTree, npm, root } from './production.ts';
import { reachedFrom } from './reached.ts';

export interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly {
    readonly license?: { readonly id?: string; readonly name?: string };
    readonly expression?: string;
  }[];
}

export interface Bom {
  readonly specVersion: string;
  readonly metadata: { readonly component: Readonly<Record<string, unknown>> };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Release {
  readonly version: string;
  readonly commit: string;
}

/** Of every image, by its name. */
export const makeBoms = (from: string, release: Release): Map<string, Bom> =>
  inProductionTree(from, (dir) => new Map(images.map((image) => [image.name, bomOf(dir, image, release)])));

const idOf = ({ purl }: Component): string => decodeURIComponent(purl.replace('pkg:npm/', ''));

/** npm tells of all that the room may have; what this image does not install is taken out. */
const bomOf = (dir: string, image: Image, { version, commit }: Release): Bom => {
  const args = ['--sbom-format', 'cyclonedx', '--package-lock-only', '--workspace', image.room];
  const bom = JSON.parse(npm(dir, ['sbom', ...args])) as Bom;
  const reached = reachedFrom(dir, image);
  const components = bom.components.filter((each) => reached.has(idOf(each)));
  const known = new Set(components.map((each) => each['bom-ref']));
  const own = bom.metadata.component['bom-ref'];
  const dependencies = bom.dependencies
    .filter(({ ref }) => known.has(ref) || ref === own)
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => known.has(each)) }));
  const component = {
    ...bom.metadata.component,
    type: 'application',
    group: 'precede',
    name: image.name,
    version,
    properties: [{ name: 'precede:commit', value: commit }],
  };
  return { ...bom, metadata: { ...bom.metadata, component }, components, dependencies };
};

/** Faults against the schema; null: none. */
export const faultsOf = async (bom: unknown): Promise<unknown> => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
  return await validator.validate(JSON.stringify(bom));
};

const main = async (dir: string): Promise<void> => {
  mkdirSync(dir, { recursive: true });
  for (const [name, bom] of makeBoms(root, versionOf())) {
    const faults = await faultsOf(bom);
    if (faults !== null) throw new Error(`the bill of ${name} breaks the schema: ${JSON.stringify(faults)}`);
    writeFileSync(join(dir, `${name}.cdx.json`), `${JSON.stringify(bom, null, 1)}\n`);
    process.stdout.write(`${name}.cdx.json: ${bom.components.length} components\n`);
  }
};

if (import.meta.main) await main(process.argv[2] ?? join(root, '.work/sbom'));
