/** Where the values of a request stand for compiled expressions: one slot a field, shared by the rules of a set. */
import type { Field } from '../fields/fields.ts';
import type { Value } from '../values.ts';

/** By slot; undefined is missing. The array may be one that is filled anew for each request. */
export type Slots = readonly (Value | undefined)[];

export class FieldLayout {
  readonly #slots = new Map<string, number>();
  readonly #fields: Field[] = [];

  /** The slot of a field, given to it when it is first asked for. */
  slotOf(field: Field): number {
    const known = this.#slots.get(field.name);
    if (known !== undefined) return known;
    this.#slots.set(field.name, this.#fields.length);
    this.#fields.push(field);
    return this.#fields.length - 1;
  }

  /** The fields that the expressions compiled so far read, by slot: what a request has to be asked for. */
  get fields(): readonly Field[] {
    return this.#fields;
  }

  /** Slots with the values of `values` by field name. */
  fill(values: ReadonlyMap<string, Value>): Slots {
    return this.#fields.map((field) => values.get(field.name));
  }
}
