const mask = '***';
/** Segments whose successor is a secret: `/reset/4f2a...`, `/verify/...`. */
const before =
  /^(?:token|tokens|reset|reset-?password|password-?reset|verify|verification|confirm|confirmation|activate|activation|invite|invitation|unsubscribe|magic|magic-?link|auth|session|sessions|secret|key|api-?key|jwt|webhook|webhooks|hooks?|share|shared|callback)$/i;
/** Shortest of such that is taken for one: a word or a number is none. */
const tokenAfter = /^(?=[^/]*\d)[\w.~%+=-]{10,}$/;
/** Tokens that are known by their own shape wherever they stand. */
const shaped =
  /^(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{24,}={0,2}|bot\d+:[\w-]{20,}|gh[pousr]_\w{20,}|[TB][A-Z0-9]{8,})$/;

/** A target without the credentials of an absolute one (`http://user:password@host/`): these are never told. */
export function hideCredentials(target: string): string {
  const [, scheme = '', authority = ''] = /^([a-z][a-z0-9+.-]{0,15}:\/\/)([^/?#]*)/i.exec(target) ?? [];
  const at = authority.lastIndexOf('@');
  return at < 0 ? target : `${scheme}${mask}${target.slice(scheme.length + at)}`;
}

/** A target with what may be secret as `***`: the values of its query, session parameters, tokens in its path. */
export function maskTarget(target: string): string {
  const [, path, query] = /^([^?#]*)(?:\?([^#]*))?/s.exec(target) as RegExpExecArray;
  const masked = maskPath(path);
  return query === undefined ? masked : `${masked}?${maskQuery(query)}`;
}

function maskPath(path: string): string {
  let previous = '';
  return path
    .split('/')
    .map((segment) => {
      const [name, ...parameters] = segment.split(';');
      const secret = (before.test(previous) && tokenAfter.test(name)) || shaped.test(name);
      previous = name;
      return [secret ? mask : name, ...parameters.map(maskPair)].join(';');
    })
    .join('/');
}

/** Names stay, since they say what a request was for; one that has no value is a value itself. */
function maskQuery(query: string): string {
  return query.split('&').map(maskPair).join('&');
}

function maskPair(pair: string): string {
  const sign = pair.indexOf('=');
  if (sign >= 0) return `${pair.slice(0, sign + 1)}${sign + 1 < pair.length ? mask : ''}`;
  return pair.length > 24 ? mask : pair;
}
