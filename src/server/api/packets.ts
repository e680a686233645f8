import { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import type { PacketsAnswer } from '../../wire/link.ts';
import { packetListSchema } from '../../wire/traffic-api.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

const params = z.strictObject({ id: z.coerce.number().int().min(0) });
const pcapngType = 'application/x-pcapng';
const none: PacketsAnswer = {
  packets: [],
  left_out: 0,
  pcapng: '',
  reason: 'the agent that saw the connection is not connected, or did not answer in time',
};

/** The packets of a connection, as far as its agent still has them. */
export function makePacketRoutes({ store, live }: ApiContext): ApiRoute[] {
  const ask = async (id: number): Promise<PacketsAnswer> => {
    const connection = live.connectionById(id) ?? (await store.connectionById(id));
    if (!connection) throw new NetmonError('NM_NOT_FOUND', `there is no connection ${id}`);
    return (await live.packets(connection)) ?? none;
  };
  return [
    defineRoute({
      method: 'GET',
      path: '/api/connections/:id/packets',
      operation: 'listPackets',
      summary: 'The packets of a connection that its agent has kept, oldest first',
      params,
      answers: {
        200: { description: 'The packets, or the reason why there are none.', schema: packetListSchema },
      },
      handle: async ({ params: { id } }) => {
        const { packets, left_out, reason } = await ask(id);
        return { body: { packets, left_out, reason } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/connections/:id/packets.pcapng',
      operation: 'downloadPackets',
      summary:
        'The same packets as a capture file, without payload of TCP unless the agent runs with --no-mask',
      params,
      answers: { 200: { description: 'A pcapng file.', type: pcapngType } },
      handle: async ({ params: { id } }) => {
        const { pcapng, reason } = await ask(id);
        if (pcapng === '')
          throw new NetmonError('NM_NOT_FOUND', reason ?? `no packets of connection ${id} are kept`);
        return {
          type: pcapngType,
          headers: { 'content-disposition': `attachment; filename="netmon-connection-${id}.pcapng"` },
          body: Buffer.from(pcapng, 'base64'),
        };
      },
    }),
  ];
}
