/** A part of `npm run docs`: writes the schema of the values and the table of the chart's README. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readmeFile, readValueDocs, renderReadme, renderSchema, schemaFile } from './generated.ts';

const docs = readValueDocs();
writeFileSync(schemaFile, renderSchema(docs));
writeFileSync(readmeFile, renderReadme(readFileSync(readmeFile, 'utf8'), docs));
