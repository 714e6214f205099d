/** Every function of the language but any and all, which are operators over arrays of Bool. */
import { addressFunctions } from './addresses.ts';
import { codeFunctions } from './codes.ts';
import { collectionFunctions } from './collections.ts';
import type { FunctionDefinition } from './definition.ts';
import { jsonFunctions } from './json.ts';
import { replaceFunctions } from './replace.ts';
import { textFunctions } from './texts.ts';
import { urlFunctions } from './urls.ts';

/** Sorted by name. */
export const functions: readonly FunctionDefinition[] = [
  ...addressFunctions,
  ...codeFunctions,
  ...collectionFunctions,
  ...jsonFunctions,
  ...replaceFunctions,
  ...textFunctions,
  ...urlFunctions,
].sort((a, b) => (a.name < b.name ? -1 : 1));

export const functionByName: ReadonlyMap<string, FunctionDefinition> = new Map(
  functions.map((each) => [each.name, each]),
);
