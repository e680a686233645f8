import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { WebAnswer } from './exchange.ts';

const gzipAsync = promisify(gzip);

/** Below this size the packet count stays the same. */
const minBytes = 1400;

/** Whether the client takes gzip (RFC 9110 section 12.5.3). */
export function acceptsGzip(header: string | undefined): boolean {
  return /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/i.test(header ?? '');
}

/** Compresses an answer in text where that saves packets; level 1, since the server answers often and mostly nearby. */
export async function compressAnswer(request: IncomingHttpHeaders, answer: WebAnswer): Promise<WebAnswer> {
  const { body, headers } = answer;
  if (typeof body !== 'string' || body.length < minBytes) return answer;
  const vary = { ...headers, vary: 'Accept-Encoding' };
  if (!acceptsGzip(request['accept-encoding'])) return { ...answer, headers: vary };
  const packed = await gzipAsync(body, { level: constants.Z_BEST_SPEED });
  return { ...answer, headers: { ...vary, 'content-encoding': 'gzip' }, body: packed };
}
