import type { ErrorGroup } from '../../wire/api.ts';
import { errorListSchema } from '../../wire/api.ts';
import { resolveConnectionFilter } from '../../wire/filter.ts';
import { errorQuerySchema } from '../../wire/query.ts';
import { pageRows, type RowOrder } from './paging.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

/** Into how many steps a range is cut, as `errorGroupSchema` says. */
const steps = 24;
/** Most groups over all pages. */
const maxGroups = 10_000;

const order: RowOrder<ErrorGroup> = {
  sort: '-count',
  descending: true,
  key: (group) => group.count,
  id: (group) => JSON.stringify([group.remote_addr, group.process_name, group.process_path, group.error]),
};

/** What fails most. */
export function makeErrorRoutes({ store, live, now }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/errors',
      operation: 'listErrors',
      summary: 'Failures by destination, process and errno, most frequent first',
      description:
        'Counted from `since` (24 h ago unless given) to `until` (now), with a trend in 24 equal steps.',
      query: errorQuerySchema,
      answers: { 200: { description: 'A page of groups, and counts per errno.', schema: errorListSchema } },
      handle: async ({ query: { limit, cursor, ...query } }) => {
        await live.refresh();
        const filter = resolveConnectionFilter(query, now());
        const since = Date.parse(filter.since ?? '');
        const until = filter.until === undefined ? now() + 1 : Date.parse(filter.until);
        const range = { since: Math.min(since, until), until };
        const { groups, timeline } = await store.summarizeFailures({
          filter,
          ...range,
          steps,
          limit: maxGroups,
        });
        const { page, next } = pageRows(groups as readonly ErrorGroup[], order, limit, cursor);
        const times = { since: filter.since, until: new Date(until).toISOString() };
        return { body: { errors: page, next, ...times, timeline } };
      },
    }),
  ];
}
