/** What the migrations leave behind, read out of their text: which tables hold rows of zones, which views show them. */
import { type Ddl, readDdl } from './ddl.ts';

export interface Relation {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'dictionary';
  /** Quoted as in SQL. */
  readonly comment: string | undefined;
  /** Rows written twice become one only when merged: the table is read with FINAL. */
  readonly isReplacing: boolean;
  /** Of a view: name → type. */
  readonly parameters: ReadonlyMap<string, string>;
}

type Created = Extract<Ddl, { kind: 'createTable' | 'createView' | 'createDictionary' }>;

function relationOf(ddl: Created): Relation | undefined {
  const rest = { name: ddl.target.name, comment: undefined, isReplacing: false, parameters: new Map() };
  if (ddl.kind === 'createView')
    return { ...rest, kind: 'view', comment: ddl.comment, parameters: ddl.parameters };
  if (!ddl.columns.includes('zone_id')) return undefined;
  if (ddl.kind === 'createDictionary') return { ...rest, kind: 'dictionary' };
  const isReplacing = ddl.engine.name.startsWith('Replacing');
  return { ...rest, kind: 'table', comment: ddl.comment, isReplacing };
}

/** Tables and dictionaries with zone_id, and all views. Throws ConfigError as readDdl does. */
export function zonedRelations(statements: readonly string[]): Relation[] {
  const relations = new Map<string, Relation>();
  for (const ddl of statements.map(readDdl)) {
    if (ddl.kind === 'drop') relations.delete(ddl.target.name);
    if (ddl.kind === 'rename') rename(relations, ddl.from.name, ddl.to.name);
    const created = 'target' in ddl && ddl.kind.startsWith('create') ? relationOf(ddl as Created) : undefined;
    if (created !== undefined) relations.set(created.name, created);
  }
  return [...relations.values()];
}

function rename(relations: Map<string, Relation>, from: string, to: string): void {
  const relation = relations.get(from);
  relations.delete(from);
  if (relation !== undefined) relations.set(to, { ...relation, name: to });
}
