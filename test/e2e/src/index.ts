export { type Counts, matcherOf, type OperationLine, recount } from './recount.ts';
