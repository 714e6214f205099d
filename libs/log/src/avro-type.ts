/**
 * Avro types as we build them: nullable fields as plain values, and arrays that do not believe a length which the
 * bytes cannot hold. avsc allocates and loops by the announced length before it looks at the end of the bytes, so ten
 * bytes of garbage could otherwise stop a partition for minutes.
 */
import avsc, { type Schema, type Type } from 'avsc';

export type { Type } from 'avsc';

interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
}

interface Readable {
  _read(tap: Tap): unknown;
}

const readBounded = (items: Readable, tap: Tap): unknown[] => {
  const read: unknown[] = [];
  for (let n = tap.readLong(); n !== 0; n = tap.readLong()) {
    if (n < 0) {
      n = -n;
      tap.readLong();
    }
    // Every item type in use takes a byte at least.
    if (n > tap.buf.length - tap.pos) throw new Error('an array is longer than the record');
    for (let i = 0; i < n; i += 1) read.push(items._read(tap));
  }
  return read;
};

class BoundedArrayType extends avsc.types.ArrayType {
  // The name is avsc's: record readers call it.
  _read(tap: Tap): unknown[] {
    return readBounded(this.itemsType as unknown as Readable, tap);
  }
}

type Hook = NonNullable<Parameters<typeof avsc.Type.forSchema>[1]>['typeHook'];
const typeHook: Hook = (schema, options) => {
  const isArray = typeof schema === 'object' && 'type' in schema && schema.type === 'array';
  if (!isArray) return undefined;
  return new BoundedArrayType(schema, options);
};

/** Reads a parsed schema. Throws where it is none. */
export const parseType = (schema: unknown): Type =>
  avsc.Type.forSchema(schema as Schema, {
    wrapUnions: 'auto',
    omitRecordMethods: true,
    typeHook: typeHook as NonNullable<Hook>,
  });
