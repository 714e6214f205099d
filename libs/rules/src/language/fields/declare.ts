/** How the tables of this folder are written: fields that share source and type in one object, name → meaning. */
import type { Field } from './fields.ts';

type Entry = string | readonly [doc: string, example: string];

/** Fields of one source and type, by name. */
export const declare = (
  shape: Pick<Field, 'filledBy' | 'type' | 'needsBody'>,
  entries: Readonly<Record<string, Entry>>,
): readonly Field[] =>
  Object.entries(entries).map(([name, entry]) => {
    if (typeof entry === 'string') return { ...shape, name, doc: entry };
    const [doc, example] = entry;
    return { ...shape, name, doc, example };
  });

/** Other names of fields of one source and type: alias → field. */
export const alias = (
  shape: Pick<Field, 'filledBy' | 'type'>,
  names: Readonly<Record<string, string>>,
): readonly Field[] =>
  Object.entries(names).map(([name, aliasOf]) => ({
    ...shape,
    name,
    doc: `Other name of ${aliasOf}`,
    aliasOf,
  }));
