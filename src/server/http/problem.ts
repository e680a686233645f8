import type { Duplex } from 'node:stream';
import type { FastifyError } from 'fastify';
import { ZodError } from 'zod';
import {
  describeError,
  type ErrorCode,
  errorCodes,
  type FieldProblem,
  NetmonError,
} from '../../base/errors.ts';

export const problemType = 'application/problem+json; charset=utf-8';

/** The problem document (RFC 9457) of an error. */
export function writeProblem(error: NetmonError): string {
  const { code, status, fields } = error;
  const { title } = errorCodes[code];
  const detail = code === 'NM_INTERNAL' ? title : error.message;
  const problem = { type: 'about:blank', title, status, detail, code };
  return JSON.stringify(fields.length > 0 ? { ...problem, fields } : problem);
}

/** Codes for what fastify, its plugins and Node refuse by themselves. */
const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_CP_ERR_INVALID_CONTENT_ENCODING: 'NM_MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'NM_TOO_LARGE',
  HPE_HEADER_OVERFLOW: 'NM_HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'NM_TIMEOUT',
};

/** Anything thrown while a request was answered as an error of the registry. */
export function toNetmonError(thrown: unknown): NetmonError {
  if (thrown instanceof NetmonError) return thrown;
  if (thrown instanceof ZodError) return invalidFields(thrown);
  const { code = '', statusCode } = (thrown ?? {}) as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const message = 'the body is of a type that is not taken here; what the API takes is application/json';
    return new NetmonError('NM_MEDIA_TYPE', message, { cause: thrown });
  }
  const known = frameworkCodes[code];
  if (known) return new NetmonError(known, describeError(thrown), { cause: thrown });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new NetmonError('NM_BAD_REQUEST', describeError(thrown), { cause: thrown });
  }
  return new NetmonError('NM_INTERNAL', describeError(thrown), { cause: thrown });
}

/** Which fields a schema found wanting, and why, as NM_VALIDATION. */
function invalidFields(error: ZodError): NetmonError {
  const fields = error.issues.flatMap((issue): FieldProblem[] => {
    const path = formatPath(issue.path);
    if (issue.code !== 'unrecognized_keys') return [{ field: path, message: issue.message }];
    return issue.keys.map((key) => ({
      field: path === '' ? key.slice(0, 64) : `${path}.${key.slice(0, 64)}`,
      message: 'there is no such field',
    }));
  });
  const named = fields
    .slice(0, 16)
    .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
  return new NetmonError('NM_VALIDATION', named.join('; '), { fields: fields.slice(0, 64), cause: error });
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : `${text}${text ? '.' : ''}${String(part)}`,
    '',
  );
}

/** Answers on a bare socket, where there is no request to answer (a malformed one, a refused upgrade), and ends it. */
export function endWithProblem(socket: Duplex, error: NetmonError): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = writeProblem(error);
  socket.end(
    `HTTP/1.1 ${error.status} ${reasonPhrases[error.status] ?? 'Error'}\r\nConnection: close\r\n` +
      `Content-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
};
