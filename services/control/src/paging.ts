/** Pages of lists that are complete in memory; lists in ClickHouse page there. */
import { z } from 'zod';
import { wholeNumber } from './parse.ts';

export interface Page {
  /** From 1. */
  readonly page: number;
  readonly perPage: number;
}

export const maxPerPage = 1000;

/** Query parameters every list takes. */
export const pageQuery = {
  page: wholeNumber(1, 1_000_000).default(1),
  per_page: wholeNumber(1, maxPerPage).default(20),
} as const;

export const directionQuery = z.enum(['asc', 'desc']);

export const pageOf = (query: { readonly page: number; readonly per_page: number }): Page => ({
  page: query.page,
  perPage: query.per_page,
});

export const slicePage = <T>(items: readonly T[], { page, perPage }: Page): readonly T[] =>
  items.slice((page - 1) * perPage, page * perPage);
