import type { IncomingHttpHeaders } from 'node:http';
import { NetmonError } from '../../base/errors.ts';
import type { Auth } from './auth.ts';
import { acceptsGzip } from './compress.ts';
import type { WebAnswer } from './exchange.ts';
import { html, renderPage } from './html.ts';
import type { Router } from './router.ts';
import type { StaticFile, StaticFiles } from './static-files.ts';

/** Addresses within the dashboard, which it routes by itself. */
const dashboardPaths = ['/connections', '/errors', '/processes', '/interfaces', '/status'] as const;

export const jsonType = 'application/json; charset=utf-8';

const links = {
  dashboard: '/',
  connections: '/api/connections',
  errors: '/api/errors',
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
export function registerSite(router: Router, files: StaticFiles, version: string): void {
  const index = files.get('/index.html');
  const description = JSON.stringify({ name: 'netmon', version, links });
  router.add('GET', '/', ({ headers }) => {
    if (prefersJson(headers)) return { headers: { vary: 'Accept' }, type: jsonType, body: description };
    return index ? sendFile(headers, index) : makePage(missingDashboard);
  });
  for (const [path, file] of files) {
    if (path !== '/index.html') router.add('GET', path, ({ headers }) => sendFile(headers, file));
  }
  if (!index) return;
  for (const path of dashboardPaths) router.add('GET', path, ({ headers }) => sendFile(headers, index));
}

/** Where a token is needed: a form for it, which gives the browser a session. */
export function registerLogin(router: Router, auth: Auth): void {
  router.add('GET', '/login', ({ query }) => {
    if (Object.keys(query).length > 0)
      throw new NetmonError('NM_BAD_REQUEST', 'this page takes no parameters');
    return makePage(renderLogin(null));
  });
  router.add('POST', '/login', async ({ readBody }) => {
    const form = new URLSearchParams((await readBody('application/x-www-form-urlencoded')).toString());
    const cookie = auth.login(form.get('token') ?? '');
    if (cookie === null) return { ...makePage(renderLogin('That is not the token.')), status: 401 };
    return { status: 303, headers: { location: '/', 'set-cookie': cookie } };
  });
  router.add('POST', '/logout', ({ headers }) => ({
    status: 303,
    headers: { location: '/login', 'set-cookie': auth.logout(headers) },
  }));
}

/** Whether a client asks for JSON and not for a page. */
function prefersJson({ accept = '*/*' }: IncomingHttpHeaders): boolean {
  return !accept.includes('text/html') && accept.includes('application/json');
}

function sendFile(request: IncomingHttpHeaders, file: StaticFile): WebAnswer {
  const headers = {
    etag: file.etag,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'Accept-Encoding, Accept',
  };
  if (request['if-none-match'] === file.etag) return { status: 304, headers };
  if (!file.gzip || !acceptsGzip(request['accept-encoding'])) {
    return { headers, type: file.type, body: file.bytes };
  }
  return { headers: { ...headers, 'content-encoding': 'gzip' }, type: file.type, body: file.gzip };
}

/** A page that is not kept. */
export function makePage(page: string): WebAnswer {
  return { headers: { 'cache-control': 'no-store' }, type: 'text/html; charset=utf-8', body: page };
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
