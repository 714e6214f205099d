/** The shape of every answer: success, errors, messages, result, result_info. */
import { type Fault, faultKinds } from './errors.ts';
import type { Page } from './paging.ts';

export interface ResultInfo {
  readonly page: number;
  readonly per_page: number;
  readonly count: number;
  readonly total_count: number;
  readonly total_pages: number;
}

export const success = (result: unknown, messages: readonly object[] = []) => ({
  success: true,
  errors: [],
  messages,
  result,
});

export const successPage = <T>(
  items: readonly T[],
  page: Page,
  totalCount: number,
  messages: readonly object[] = [],
) => ({ ...success(items, messages), result_info: resultInfo(items.length, page, totalCount) });

const resultInfo = (count: number, page: Page, totalCount: number): ResultInfo => ({
  page: page.page,
  per_page: page.perPage,
  count,
  total_count: totalCount,
  total_pages: Math.ceil(totalCount / page.perPage),
});

export const failure = (faults: readonly Fault[]) => ({
  success: false,
  errors: faults.map((fault) => ({
    code: faultKinds[fault.name].code,
    message: fault.message,
    ...(fault.pointer === undefined ? {} : { source: { pointer: fault.pointer } }),
  })),
  messages: [],
  result: null,
});

/** RFC 3339 in UTC with microseconds, as the public API writes times. */
export const timestamp = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
