/** A part of `npm run docs:chart`: writes the rendered examples. */
import { writeExample } from './examples.ts';
import { valuesFiles } from './helm.ts';

for (const name of valuesFiles()) writeExample(name);
