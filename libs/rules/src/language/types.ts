/**
 * The types of the Rules language. A String of the public reference is `bytes` here: text is compared, ordered,
 * measured and matched byte by byte.
 */
export type Type =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int' }
  | { readonly kind: 'ip' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'array'; readonly of: Type }
  | { readonly kind: 'map'; readonly of: Type };

export const Bool: Type = Object.freeze({ kind: 'bool' });
export const Int: Type = Object.freeze({ kind: 'int' });
export const Ip: Type = Object.freeze({ kind: 'ip' });
export const Bytes: Type = Object.freeze({ kind: 'bytes' });
export const arrayOf = (of: Type): Type => Object.freeze({ kind: 'array', of });
export const mapOf = (of: Type): Type => Object.freeze({ kind: 'map', of });

export const sameType = (a: Type, b: Type): boolean =>
  a.kind === b.kind && (!('of' in a) || !('of' in b) || sameType(a.of, b.of));

/** The type of the items of an array or of the values of a map; null for a plain type. */
export const itemOf = (type: Type): Type | null => ('of' in type ? type.of : null);

export const typeNames = {
  bool: 'Bool',
  int: 'Int',
  ip: 'Ip',
  bytes: 'Bytes',
  array: 'Array',
  map: 'Map',
} as const;

/** As it is written in messages: `Int`, `Array<Bytes>`, `Map<Array<Bytes>>`. */
export const printType = (type: Type): string =>
  'of' in type ? `${typeNames[type.kind]}<${printType(type.of)}>` : typeNames[type.kind];
