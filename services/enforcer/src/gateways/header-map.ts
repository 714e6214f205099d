/** Headers of a request as they are gathered: by lower-case name, repeated ones in order, each as it was sent. */

const colon = 58;

export class HeaderMap {
  readonly map = new Map<string, string | string[]>();

  /** `name` in lower case. Those of HTTP/2 for method, path and the like (`:path`) are no headers. */
  add(name: string, value: string): void {
    if (name.charCodeAt(0) === colon) return;
    const known = this.map.get(name);
    if (known === undefined) this.map.set(name, value);
    else if (typeof known === 'string') this.map.set(name, [known, value]);
    else known.push(value);
  }

  has(name: string): boolean {
    return this.map.has(name);
  }

  /** The value nearest to the gateway, which appends. */
  last(name: string): string | undefined {
    const value = this.map.get(name);
    return typeof value === 'string' ? value : value?.at(-1);
  }

  take(name: string): string | undefined {
    const value = this.last(name);
    if (value !== undefined) this.map.delete(name);
    return value;
  }
}

/**
 * The first text that is a scheme. Of a gateway that overwrites it, x-forwarded-proto goes before `:scheme`, which an
 * HTTP/2 client chooses.
 */
export const clientScheme = (...texts: readonly (string | undefined)[]): 'http' | 'https' | null => {
  for (const text of texts) if (text === 'http' || text === 'https') return text;
  return null;
};
