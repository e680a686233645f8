import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { NetmonError } from '../../base/errors.ts';

/** A file of the dashboard, held in memory. */
export interface StaticFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** A weak one (RFC 9110 section 8.8.1): the same whether the file is sent compressed or not. */
  readonly etag: string;
  /** Whether the name changes with the content, so that a browser may keep it for good. */
  readonly immutable: boolean;
}

/** By URL path, as `/assets/main-abc.js`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
/** Most bytes of all files; a dashboard has about two million. */
const maxTotalBytes = 64 * 1024 * 1024;

/**
 * Reads a folder into memory, so that nothing is looked up on the disk when a request comes: a path that is not in the
 * map does not exist, whatever it looks like. Links and unknown kinds of files are left out. No folder gives no files.
 */
export function loadStaticFiles(root: string): StaticFiles {
  const files = new Map<string, StaticFile>();
  let total = 0;
  const visit = (folder: string, url: string): void => {
    for (const name of listFolder(folder)) {
      const path = join(folder, name);
      const stat = lstatSync(path);
      if (stat.isDirectory()) visit(path, `${url}${name}/`);
      const type = types[extname(name)];
      if (!stat.isFile() || !type) continue;
      total += stat.size;
      if (total > maxTotalBytes)
        throw new NetmonError('NM_BAD_CONFIG', `${root} holds too much for a dashboard`);
      files.set(`${url}${name}`, loadFile(path, type));
    }
  };
  visit(root, '/');
  return files;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

function loadFile(path: string, type: string): StaticFile {
  const bytes = readFileSync(path);
  return {
    type,
    bytes,
    etag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    immutable: /\/assets\/.*-[\w-]{8,}\.\w+$/.test(path),
  };
}
