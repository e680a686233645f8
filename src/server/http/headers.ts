import type { FastifyHelmetOptions } from '@fastify/helmet';

/**
 * What a page of this server may do: run its own scripts, talk to its own origin, make no text into elements (Trusted
 * Types, with the dashboard's one policy), and be framed by nobody. Styles may be inline, since dialogs and charts bring
 * some; no style can reach another origin.
 */
const contentSecurityPolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'worker-src': ["'self'"],
  'manifest-src': ["'self'"],
  'form-action': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ['default'],
} as const;

/**
 * Headers of every answer, beside what helmet sends by itself (`nosniff`, same-origin policies). There is no CORS header
 * among them: no other origin may read any.
 */
export const helmetOptions: FastifyHelmetOptions = {
  contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
  frameguard: { action: 'deny' },
  // Not no-referrer: with that a browser states the origin of the login form as null (Fetch, section 3.2).
  referrerPolicy: { policy: 'same-origin' },
  // For whoever puts TLS in front to decide.
  hsts: false,
};

/** Devices that no page of this server asks for; helmet has no option for it. */
export const permissionsPolicy = 'camera=(), geolocation=(), microphone=(), usb=()';
