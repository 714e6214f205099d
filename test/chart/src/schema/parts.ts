/** Pieces of a JSON schema in which nothing is allowed that is not named. */

export type Schema = { readonly [key: string]: unknown };

/** An object with these members and no other. */
export const closed = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length === 0 ? {} : { required }),
});

export const flag: Schema = { type: 'boolean' };
export const text: Schema = { type: 'string' };
export const matching = (pattern: string): Schema => ({ type: 'string', pattern });
export const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
export const whole = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const textMap: Schema = { type: 'object', additionalProperties: text };

export const port = whole(1, 65_535);
export const ports = list(port);
export const duration = matching('^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$');
/** Empty, or an http or https address without a password: it goes into a ConfigMap. */
export const address = matching('^(https?://[^/@\\s]+(/[^\\s]*)?)?$');
/** Empty, or a name as Kubernetes takes it. */
export const name = matching('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$');
