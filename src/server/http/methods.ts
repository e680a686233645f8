import type { FastifyInstance } from 'fastify';
import { NetmonError } from '../../base/errors.ts';

/**
 * Notes the methods of every route that is added from now on. The function that it gives is called after the last one,
 * and answers 405 with what is allowed for the methods that a path does not have (RFC 9110 section 15.5.6).
 */
export function watchMethods(app: FastifyInstance): () => void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, new Set([...(methods.get(url) ?? []), ...[method].flat()]));
  });
  return () => {
    for (const [url, allowed] of new Map(methods)) refuseOthers(app, url, allowed);
  };
}

function refuseOthers(app: FastifyInstance, url: string, allowed: ReadonlySet<string>): void {
  const list = [...allowed].sort().join(', ');
  app.route({
    method: app.supportedMethods.filter((method) => !allowed.has(method)),
    url,
    onRequest: async (_request, reply) => {
      reply.header('allow', list);
      throw new NetmonError('NM_METHOD', `here only ${list} is possible`);
    },
    handler: () => {},
  });
}
