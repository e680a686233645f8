import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

const gzipAsync = promisify(gzip);

/** Below this size the packet count stays the same. */
const minBytes = 1400;
const compressible = /^(?:text\/|application\/(?:json|problem\+json|javascript)|image\/svg\+xml)/;

/** Whether the client takes gzip (RFC 9110 section 12.5.3). */
export function acceptsGzip(header: string | undefined): boolean {
  return /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/i.test(header ?? '');
}

/** Compresses an answer in text where that saves packets; level 1, since the server answers often and mostly nearby. */
export async function compressAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (typeof payload !== 'string' || payload.length < minBytes || reply.hasHeader('content-encoding'))
    return payload;
  if (!compressible.test(String(reply.getHeader('content-type')))) return payload;
  reply.header('vary', 'Accept-Encoding');
  if (!acceptsGzip(request.headers['accept-encoding'])) return payload;
  const packed = await gzipAsync(payload, { level: constants.Z_BEST_SPEED });
  reply.header('content-encoding', 'gzip').removeHeader('content-length');
  return packed;
}
