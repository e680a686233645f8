import type { IncomingMessage } from 'node:http';
import { NetmonError } from '../../base/errors.ts';

/**
 * What is read and thrown away of a body that is too large, so that a client which sends before it listens gets its
 * answer; one that sends more is cut off.
 */
const maxDiscardedBytes = 16 * 1024 * 1024;

/** Reads a body of the content type. Throws NM_MEDIA_TYPE before and NM_TOO_LARGE after reading. */
export async function readBody(request: IncomingMessage, type: string, maxBytes: number): Promise<Buffer> {
  const { headers } = request;
  const given = headers['content-type']?.split(';', 1)[0].trim().toLowerCase();
  if (given !== type) throw new NetmonError('NM_MEDIA_TYPE', `the body must be sent as ${type}`);
  if (headers['content-encoding'] !== undefined) {
    throw new NetmonError('NM_MEDIA_TYPE', 'the body must be sent without a content encoding');
  }
  const chunks: Buffer[] = [];
  let size = Number(headers['content-length'] ?? 0);
  let received = 0;
  if (size <= maxBytes + maxDiscardedBytes) {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received > maxBytes + maxDiscardedBytes) break;
      if (received <= maxBytes) chunks.push(chunk);
    }
    size = received;
  }
  if (size > maxBytes) throw new NetmonError('NM_TOO_LARGE', `a body may have at most ${maxBytes} bytes`);
  return Buffer.concat(chunks, size);
}
