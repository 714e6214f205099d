/** How each field of the Rules language gets its value for one request. Found once, when rules are compiled. */
import { InvariantError } from '@precede/contracts';
import { type Field, FieldSource, fieldByName } from '@precede/rules';
import { bodyReaders } from './body.ts';
import { connectionReaders } from './connection.ts';
import type { FieldReader } from './context.ts';
import { cookieReaders } from './cookies.ts';
import { decisionReaders } from './decision.ts';
import { headerReaders } from './headers.ts';
import { metadataReader } from './metadata.ts';
import { sequenceReaders } from './sequence.ts';
import { tokenReaders } from './tokens.ts';
import { uriReaders } from './uri.ts';

const readers: ReadonlyMap<string, FieldReader> = new Map(
  [
    bodyReaders,
    connectionReaders,
    cookieReaders,
    decisionReaders,
    headerReaders,
    sequenceReaders,
    tokenReaders,
    uriReaders,
  ].flatMap((each) => Object.entries(each)),
);

const missing: FieldReader = () => undefined;

/** An older name of a field reads that field. */
export const readerOf = (field: Field): FieldReader => {
  const target = fieldByName.get(field.aliasOf ?? field.name);
  if (target === undefined) throw new InvariantError(`field ${field.name} is not in the vocabulary`);
  switch (target.filledBy) {
    case FieldSource.nobody:
      return missing;
    case FieldSource.metadata:
      return metadataReader(target.name);
    default:
      return derivedReader(target.name);
  }
};

const derivedReader = (name: string): FieldReader => {
  const reader = readers.get(name);
  if (reader === undefined) throw new InvariantError(`field ${name} has no reader`);
  return reader;
};
