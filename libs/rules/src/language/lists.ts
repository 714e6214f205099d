/** Named lists: what `in $name` looks in. Items are parsed once; evaluators make of them what they need. */
import type { SetMember } from './ast.ts';

export interface NamedList {
  readonly type: 'bytes' | 'int' | 'ip';
  readonly members: readonly SetMember[];
}
/** By name, without the `$`. */
export type NamedLists = ReadonlyMap<string, NamedList>;

export const noLists: NamedLists = new Map();
