/** Named lists and their items: bodies of the public Lists API under the zone; every answer is the list, at once. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { success } from './envelope.ts';
import { apiError } from './errors.ts';
import { listPutBody, newListBody } from './list-body.ts';
import { addItems, deleteItems, type ListTarget, replaceItems } from './list-items.ts';
import { changeList, createList, deleteList, itemView, knownList, listsOf, listView } from './lists.ts';
import { maxPerPage } from './paging.ts';
import { parseBody, parseQuery, wholeNumber } from './parse.ts';
import { answerWrite, editingRules, hexIdOf, reading, type WriteDeps, zoneIdOf, zoneOf } from './request.ts';

interface ListDeps extends WriteDeps {
  readonly drawUuid: () => string;
}

export const listRoutes = (api: FastifyInstance, deps: ListDeps): void => {
  const { store, clock, drawUuid } = deps;
  const base = '/zones/:zone_id/rules/lists';
  const drawId = (): string => drawUuid().replaceAll('-', '');
  const listId = (request: FastifyRequest): string => hexIdOf(request, 'list_id');

  api.get(base, reading, async (request) => {
    const zone = zoneOf(request, store);
    return success(listsOf(zone).map((list) => listView(zone, list)));
  });
  api.post(base, editingRules, async (request) => {
    zoneOf(request, store);
    const body = parseBody(newListBody, request.body);
    return answerWrite(request, deps, createList(zoneIdOf(request), body, drawId(), clock.now()));
  });
  api.get(`${base}/:list_id`, reading, async (request) => {
    const zone = zoneOf(request, store);
    return success(listView(zone, knownList(zone, listId(request))));
  });
  api.put(`${base}/:list_id`, editingRules, async (request) => {
    knownList(zoneOf(request, store), listId(request));
    const body = parseBody(listPutBody, request.body);
    return answerWrite(request, deps, changeList(zoneIdOf(request), listId(request), body, clock.now()));
  });
  api.delete(`${base}/:list_id`, editingRules, async (request) =>
    answerWrite(request, deps, deleteList(zoneIdOf(request), listId(request))),
  );
  itemRoutes(api, deps, (request) => ({
    zoneId: zoneIdOf(request),
    listId: listId(request),
    nowMs: clock.now(),
    drawId,
  }));
};

const itemsQuery = z.strictObject({
  /** Of the answer before: how many items came before this page. */
  cursor: wholeNumber(0, 1_000_000).default(0),
  per_page: wholeNumber(1, maxPerPage).default(500),
  search: z.string().max(1_024).default(''),
});

const itemRoutes = (
  api: FastifyInstance,
  deps: WriteDeps,
  target: (request: FastifyRequest) => ListTarget,
): void => {
  const { store } = deps;
  const path = '/zones/:zone_id/rules/lists/:list_id/items';
  api.get(path, reading, async (request) => {
    const list = knownList(zoneOf(request, store), hexIdOf(request, 'list_id'));
    const { cursor, per_page, search } = parseQuery(itemsQuery, request.query);
    const found = list.items.filter((item) => item.value.includes(search));
    const page = found.slice(cursor, cursor + per_page);
    const after = cursor + per_page < found.length ? { after: String(cursor + per_page) } : {};
    const cursors = { cursors: after, count: page.length, total_count: found.length };
    return { ...success(page.map((item) => itemView(list, item))), result_info: cursors };
  });
  api.get(`${path}/:item_id`, reading, async (request) => {
    const list = knownList(zoneOf(request, store), hexIdOf(request, 'list_id'));
    const itemId = hexIdOf(request, 'item_id');
    const item = list.items.find((each) => each.itemId === itemId);
    if (item === undefined) throw apiError('itemUnknown', `there is no item ${itemId} in this list`);
    return success(itemView(list, item));
  });
  api.post(path, editingRules, async (request) =>
    answerWrite(request, deps, addItems(target(request), request.body)),
  );
  api.put(path, editingRules, async (request) =>
    answerWrite(request, deps, replaceItems(target(request), request.body)),
  );
  api.delete(path, editingRules, async (request) =>
    answerWrite(request, deps, deleteItems(target(request), request.body)),
  );
};
