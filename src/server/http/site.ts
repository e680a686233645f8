import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NetmonError } from '../../base/errors.ts';
import type { Auth } from './auth.ts';
import { html, renderPage } from './html.ts';
import type { StaticFile, StaticFiles } from './static-files.ts';

/** Addresses within the dashboard, which it routes by itself. */
const dashboardPaths = [
  '/connections',
  '/monitors',
  '/monitors/:id',
  '/monitors/:id/edit',
  '/new-monitor',
  '/agents',
  '/errors',
  '/protocols',
  '/http',
  '/dns',
  '/processes',
  '/interfaces',
  '/status',
] as const;

/** Most bytes of the login form, which has one field. */
const maxFormBytes = 8192;

export const jsonType = 'application/json; charset=utf-8';

const links = {
  dashboard: '/',
  connections: '/api/connections',
  errors: '/api/errors',
  protocols: '/api/protocols',
  http: '/api/http/sites',
  dns: '/api/dns',
  tls: '/api/tls',
  alerts: '/api/alerts',
  monitors: '/api/monitors',
  incidents: '/api/incidents',
  processes: '/api/processes',
  interfaces: '/api/interfaces',
  stats: '/api/stats',
  bandwidth_history: '/api/bandwidth-history',
  network_stats: '/api/network-stats',
  live: '/ws',
  health: '/health',
  metrics: '/metrics',
  docs: '/docs',
  openapi: '/api/openapi.json',
} as const;

/** The dashboard's files, and what a program that asks for `/` is told instead. */
export function registerSite(app: FastifyInstance, files: StaticFiles, version: string): void {
  const index = files.get('/index.html');
  const description = JSON.stringify({ name: 'netmon', version, links });
  app.get('/', async (request, reply) => {
    reply.header('vary', 'accept, accept-encoding');
    if (prefersJson(request)) return reply.type(jsonType).send(description);
    return index ? sendFile(request, reply, index) : sendPage(reply, missingDashboard);
  });
  const addFile = (path: string, file: StaticFile): void => {
    app.get(path, async (request, reply) => sendFile(request, reply.header('vary', 'accept-encoding'), file));
  };
  for (const [path, file] of files) if (path !== '/index.html') addFile(path, file);
  if (index) for (const path of dashboardPaths) addFile(path, index);
}

/** Where a token is needed: a form for it, which gives the browser a session. */
export async function registerLogin(app: FastifyInstance, auth: Auth): Promise<void> {
  app.get('/login', async (request, reply) => {
    if (Object.keys(request.query as object).length > 0)
      throw new NetmonError('NM_BAD_REQUEST', 'this page takes no parameters');
    return sendPage(reply, renderLogin(null));
  });
  // A scope of its own: no other route takes a form.
  await app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: maxFormBytes },
      async (_request: FastifyRequest, body: string) => new URLSearchParams(body),
    );
    scope.post('/login', async (request, reply) => {
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const cookie = auth.login(form.get('token') ?? '');
      if (cookie === null) return sendPage(reply.code(401), renderLogin('That is not the token.'));
      return reply.header('set-cookie', cookie).redirect('/', 303);
    });
    scope.post('/logout', async (request, reply) =>
      reply.header('set-cookie', auth.logout(request.headers)).redirect('/login', 303),
    );
  });
}

/** Whether a client asks for JSON and not for a page. */
function prefersJson({ headers: { accept = '*/*' } }: FastifyRequest): boolean {
  return !accept.includes('text/html') && accept.includes('application/json');
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  const control = file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
  reply.header('etag', file.etag).header('cache-control', control);
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  return reply.type(file.type).send(file.bytes);
}

/** Sends a page that is not kept. */
export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page);
}

const missingDashboard = renderPage(
  'netmon',
  html`<h1>netmon</h1>
<p role="alert">The dashboard is not built: run <code>npm run build:web</code> and start again.</p>
<ul>${Object.entries(links).map(([name, path]) => html`<li><a href="${path}">${name}</a></li>`)}</ul>`,
);

function renderLogin(problem: string | null): string {
  return renderPage(
    'netmon: sign in',
    html`<h1>netmon</h1>
<form method="post" action="/login">
${problem === null ? html`` : html`<p role="alert">${problem}</p>`}
<label for="token">Token of this server</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
</form>`,
  );
}
