/**
 * Whether two releases can read each other's records of a topic, as this codec resolves them. Stricter than the Avro
 * specification: a branch of a union or a symbol of an enumeration that the reader lacks is a fault even where no record
 * has it, since the codec refuses every record of such a writer.
 */
import { resolverOf, type Type } from './avro-codec.ts';

/** Why the reader cannot read what the writer writes; undefined: it can. */
const faultOf = (reader: Type, writer: Type): string | undefined => {
  try {
    resolverOf(reader, writer);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

/**
 * What is wrong with the change from one schema to the next: both sides work during an upgrade, and after a rollback the
 * older one reads what the newer one has written.
 */
export const changeFaults = (older: Type, newer: Type): string[] => {
  const back = faultOf(newer, older);
  const forward = faultOf(older, newer);
  return [
    ...(back === undefined ? [] : [`the newer release cannot read what the older one wrote: ${back}`]),
    ...(forward === undefined ? [] : [`the older release cannot read what the newer one writes: ${forward}`]),
  ];
};
