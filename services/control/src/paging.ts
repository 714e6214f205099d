/** Pages of lists that are complete in memory; lists in ClickHouse page there. */
import { z } from 'zod';

export interface Page {
  /** From 1. */
  readonly page: number;
  readonly perPage: number;
}

export const maxPerPage = 1000;

const wholeNumber = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(fallback);

/** Query parameters every list takes. */
export const pageQuery = {
  page: wholeNumber(1, 1_000_000, 1),
  per_page: wholeNumber(1, maxPerPage, 20),
} as const;

export const directionQuery = z.enum(['asc', 'desc']);

export const pageOf = (query: { readonly page: number; readonly per_page: number }): Page => ({
  page: query.page,
  perPage: query.per_page,
});

export const slicePage = <T>(items: readonly T[], { page, perPage }: Page): readonly T[] =>
  items.slice((page - 1) * perPage, page * perPage);
