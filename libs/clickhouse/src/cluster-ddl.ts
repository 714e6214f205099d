/**
 * Lays the schema out over a cluster (docs/adr/0007-cluster-layout.md): what a migration says of one server becomes, for each
 * table and view `x`, a replicated `x_local` on every server and a Distributed `x` over all of them. Pure; it has to see every
 * statement from the first migration on, in order, as the later ones speak of what the earlier ones made.
 */
import { ConfigError } from '@precede/contracts';
import { type Ddl, readDdl, type TableReference } from './ddl.ts';
import { isWord, tokenize } from './sql-tokens.ts';

export interface ClusterLayout {
  readonly cluster: string;
  readonly database: string;
}

/** How a name came to be: over it hangs how it is altered, dropped and read. */
type Relation =
  | {
      readonly kind: 'spread';
      readonly isZoned: boolean;
      readonly sharding: string;
      readonly comment: string;
    }
  | { readonly kind: 'everywhere' };

const ENGINE = /^(Replacing|Aggregating|Summing|Collapsing|VersionedCollapsing|Coalescing)?MergeTree$/;
const BY_ZONE = 'cityHash64(zone_id)';

export const localName = (name: string): string => `${name}_local`;
export const onCluster = (cluster: string): string => (cluster === '' ? '' : ` ON CLUSTER \`${cluster}\``);

const refuse = (name: string, why: string): never => {
  throw new ConfigError([`cannot lay ${name} out over a cluster: ${why}`]);
};

interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

function edited(sql: string, edits: readonly Edit[]): string {
  let result = '';
  let from = 0;
  for (const { at, end, text } of edits.toSorted((a, b) => a.at - b.at)) {
    result += sql.slice(from, at) + text;
    from = end;
  }
  return result + sql.slice(from);
}

export class ClusterDdl {
  readonly #layout: ClusterLayout;
  readonly #relations = new Map<string, Relation>();

  constructor(layout: ClusterLayout) {
    this.#layout = layout;
  }

  /** Throws ConfigError for a statement that has no known meaning on a cluster. */
  rewrite(sql: string): string[] {
    const ddl = readDdl(sql);
    switch (ddl.kind) {
      case 'createTable':
        return this.#createTable(sql, ddl);
      case 'createView':
        return this.#createView(sql, ddl);
      case 'createDictionary':
        this.#relations.set(ddl.target.name, { kind: 'everywhere' });
        return [edited(sql, [this.#onCluster(ddl.target, ddl.target.name)])];
      case 'alter':
        return this.#alter(sql, ddl);
      case 'truncate':
        this.#spread(ddl.target.name);
        return [edited(sql, [this.#onCluster(ddl.target, localName(ddl.target.name))])];
      case 'drop':
        return this.#drop(ddl);
      case 'rename':
        return this.#rename(ddl);
      case 'insert':
        // Through the Distributed table of that name, by the server that is asked.
        this.#spread(ddl.target.name);
        return [sql];
      default:
        return ddl satisfies never;
    }
  }

  get #on(): string {
    return onCluster(this.#layout.cluster);
  }

  #onCluster(place: { at: number; end: number }, name: string): Edit {
    return { at: place.at, end: place.end, text: `${name}${this.#on}` };
  }

  #spread(name: string): Extract<Relation, { kind: 'spread' }> {
    const relation = this.#relations.get(name);
    return relation?.kind === 'spread' ? relation : refuse(name, 'no migration before has made such a table');
  }

  /** Made anew after each change, so that it has the columns of the local one: it holds nothing itself. */
  #distributed(name: string): string {
    const { sharding, comment } = this.#spread(name);
    const { cluster, database } = this.#layout;
    const target = `'${cluster}', '${database}', '${localName(name)}', ${sharding}`;
    return `CREATE OR REPLACE TABLE ${name}${this.#on} AS ${localName(name)} ENGINE = Distributed(${target})${comment}`;
  }

  #createTable(sql: string, ddl: Extract<Ddl, { kind: 'createTable' }>): string[] {
    const { target, columns, engine, key } = ddl;
    const { name } = target;
    if (!ENGINE.test(engine.name)) refuse(name, `the engine ${engine.name} has no replicated form`);
    const isZoned = columns.includes('zone_id');
    const [first] = key;
    // Rows that merge with each other have equal keys, so they land on one shard if it is chosen by a part of the key.
    if (first === undefined || !columns.includes(first))
      return refuse(name, 'ORDER BY must begin with a column');
    if (isZoned && !key.includes('zone_id')) refuse(name, 'zone_id must be in ORDER BY');
    const sharding = isZoned ? BY_ZONE : `cityHash64(${first})`;
    this.#relations.set(name, { kind: 'spread', isZoned, sharding, comment: asComment(ddl.comment) });
    const local = edited(sql, [
      this.#onCluster(target, localName(name)),
      { at: engine.at, end: engine.end, text: this.#replicated(sql, name, engine) },
    ]);
    return [local, this.#distributed(name)];
  }

  /** The path names the table and not its UUID, so that a server added later finds its shard by the same statement. */
  #replicated(sql: string, name: string, engine: Extract<Ddl, { kind: 'createTable' }>['engine']): string {
    const args = sql.slice(engine.args.at, engine.args.end).trim();
    const path = `'/clickhouse/tables/{shard}/${this.#layout.database}/${localName(name)}', '{replica}'`;
    return `Replicated${engine.name}(${args === '' ? path : `${path}, ${args}`})`;
  }

  #createView(sql: string, ddl: Extract<Ddl, { kind: 'createView' }>): string[] {
    const { name } = ddl.target;
    for (const read of ddl.reads) this.#checkRead(name, read);
    if (ddl.parameters.size > 0) {
      // A Distributed table cannot hand parameters on: it is a text that the asked server puts in, over Distributed names.
      this.#relations.set(name, { kind: 'everywhere' });
      return [edited(sql, [this.#onCluster(ddl.target, name)])];
    }
    const tokens = tokenize(sql);
    if (!tokens.some((token) => isWord(token, 'ZONE_ID'))) refuse(name, 'it does not show zone_id');
    // Only behind FROM and JOIN can a table be told from a column of that name.
    const within = tokens.find((token, i) => isWord(tokens[i - 1], 'IN') && this.#relations.has(token.text));
    if (within !== undefined) refuse(name, `write IN (SELECT … FROM ${within.text})`);
    // Every row of a zone is on one shard, so a view of one zone's rows is whole there; joins stay on their server.
    const reads = ddl.reads.map(({ name: table, hasAlias, at, end }) => ({
      at,
      end,
      text:
        this.#relations.get(table)?.kind === 'spread'
          ? hasAlias
            ? localName(table)
            : `${localName(table)} AS ${table}`
          : table,
    }));
    const relation = {
      kind: 'spread',
      isZoned: true,
      sharding: BY_ZONE,
      comment: asComment(ddl.comment),
    } as const;
    this.#relations.set(name, relation);
    return [edited(sql, [this.#onCluster(ddl.target, localName(name)), ...reads]), this.#distributed(name)];
  }

  #checkRead(view: string, { name }: TableReference): void {
    const relation = this.#relations.get(name);
    if (relation === undefined) refuse(view, `it reads ${name}, which no migration before has made`);
    if (relation?.kind === 'spread' && !relation.isZoned)
      refuse(view, `it reads ${name}, whose rows do not lie with those of a zone`);
  }

  #alter(sql: string, { target }: Extract<Ddl, { kind: 'alter' }>): string[] {
    const distributed = this.#distributed(target.name);
    return [edited(sql, [this.#onCluster(target, localName(target.name))]), distributed];
  }

  #drop({ object, target, isConditional }: Extract<Ddl, { kind: 'drop' }>): string[] {
    const { name } = target;
    const relation = this.#relations.get(name);
    if (relation === undefined) return refuse(name, 'no migration before has made it');
    this.#relations.delete(name);
    const condition = isConditional ? 'IF EXISTS ' : '';
    if (relation.kind === 'everywhere') return [`DROP ${object} ${condition}${name}${this.#on} SYNC`];
    return [
      `DROP TABLE ${condition}${name}${this.#on} SYNC`,
      `DROP ${object} ${condition}${localName(name)}${this.#on} SYNC`,
    ];
  }

  #rename({ from, to }: Extract<Ddl, { kind: 'rename' }>): string[] {
    const relation = this.#spread(from.name);
    this.#relations.delete(from.name);
    this.#relations.set(to.name, relation);
    return [
      `RENAME TABLE ${localName(from.name)} TO ${localName(to.name)}${this.#on}`,
      `DROP TABLE IF EXISTS ${from.name}${this.#on} SYNC`,
      this.#distributed(to.name),
    ];
  }
}

const asComment = (comment: string | undefined): string =>
  comment === undefined ? '' : ` COMMENT ${comment}`;
