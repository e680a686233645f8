/**
 * The one registry of operational errors. A code never changes its meaning; `status` is the HTTP status of the
 * problem document, `exit` the exit code of the command line (sysexits.h where one fits).
 */
export const errorCodes = {
  NM_BAD_FLAG: { status: 400, exit: 2, title: 'Unusable command-line flag' },
  NM_BAD_CONFIG: { status: 500, exit: 78, title: 'Unusable configuration' },
  NM_BAD_REQUEST: { status: 400, exit: 65, title: 'Unusable request' },
  NM_VALIDATION: { status: 400, exit: 65, title: 'A field is missing or has a wrong value' },
  NM_BAD_FILTER: { status: 400, exit: 65, title: 'Unusable filter' },
  NM_BAD_CURSOR: { status: 400, exit: 65, title: 'Unusable cursor' },
  NM_UNAUTHORIZED: { status: 401, exit: 77, title: 'Authentication required' },
  NM_FORBIDDEN: { status: 403, exit: 77, title: 'Not allowed' },
  NM_EXPIRED: { status: 403, exit: 77, title: 'Past its time' },
  NM_REPLAYED: { status: 403, exit: 77, title: 'Used before' },
  NM_LINKED: { status: 409, exit: 75, title: 'Linked to another server' },
  NM_NOT_FOUND: { status: 404, exit: 66, title: 'Not found' },
  NM_METHOD: { status: 405, exit: 65, title: 'Method not allowed' },
  NM_TIMEOUT: { status: 408, exit: 75, title: 'The request took too long' },
  NM_CONFLICT: { status: 409, exit: 75, title: 'It was changed meanwhile' },
  NM_TOO_LARGE: { status: 413, exit: 65, title: 'The request is too large' },
  NM_MEDIA_TYPE: { status: 415, exit: 65, title: 'Unsupported content type' },
  NM_HOST: { status: 421, exit: 65, title: 'Unknown host name' },
  NM_HEADERS_TOO_LARGE: { status: 431, exit: 65, title: 'The request headers are too large' },
  NM_RATE: { status: 429, exit: 75, title: 'Too many requests' },
  NM_INTERNAL: { status: 500, exit: 70, title: 'Internal error' },
  NM_STORE: { status: 503, exit: 74, title: 'The database cannot be used' },
  NM_UNAVAILABLE: { status: 503, exit: 69, title: 'The server cannot be reached' },
  NM_PORT_IN_USE: { status: 500, exit: 71, title: 'The port is in use' },
  NM_ALREADY_RUNNING: { status: 500, exit: 75, title: 'netmon already runs' },
  NM_PUBLIC_ADDRESS: { status: 500, exit: 78, title: 'A public address needs authentication' },
  NM_PRIVILEGE: { status: 500, exit: 77, title: 'A privilege is missing' },
  NM_NOT_SUPPORTED: { status: 501, exit: 69, title: 'Not supported on this machine' },
  NM_SYSTEM: { status: 500, exit: 71, title: 'A system call failed' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** One field of a request, a config file or a flag that cannot be used, and what would be. */
export interface FieldProblem {
  /** Where: a JSON path as `a.b[0]`, a flag as `--port`, a query parameter by its name. */
  readonly field: string;
  readonly message: string;
}

/** An error that a user can act on. `message` names what and where; `cause` keeps the original. */
export class NetmonError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly FieldProblem[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; fields?: readonly FieldProblem[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'NetmonError';
    this.code = code;
    this.fields = options.fields ?? [];
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get exit(): number {
    return errorCodes[this.code].exit;
  }
}

/** The text of anything thrown, with its causes, on one line. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? '' : `: ${describeError(thrown.cause)}`;
  return `${thrown.message}${cause}`.replace(/\s*\n\s*/g, ' ');
}
