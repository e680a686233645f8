import { z } from 'zod';
import { importAnswerSchema } from '../../wire/monitor-api.ts';
import { readMonitorsFile, writeMonitorsFile } from '../monitors/yaml.ts';
import { type ApiContext, type ApiRoute, defineRoute, YamlText, yamlType } from './route.ts';

const notes = {
  secrets: { description: 'Whether credentials are written as they are, instead of `***`.' },
  dry_run: { description: 'Only check, and tell what would be done.' },
} as const;

/** Monitors as a YAML file, out and in. */
export function makeMonitorFileRoutes({ monitors }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/monitors/export',
      operation: 'exportMonitors',
      summary: 'All monitors as a YAML file',
      query: z.strictObject({ secrets: z.stringbool().default(false) }),
      notes,
      answers: { 200: { description: 'The file.', type: yamlType } },
      handle: async ({ query: { secrets } }) => ({
        type: `${yamlType}; charset=utf-8`,
        headers: { 'content-disposition': 'attachment; filename="monitors.yaml"' },
        body: await writeMonitorsFile(monitors.book.values(), secrets),
      }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/monitors/import',
      operation: 'importMonitors',
      summary: 'Make and change monitors by a YAML file, all of it or nothing',
      description:
        'A monitor whose id is there, or without an id whose name is, is changed; any other is new. None is removed.',
      query: z.strictObject({ dry_run: z.stringbool().default(false) }),
      notes,
      body: z.instanceof(YamlText),
      bodyType: yamlType,
      answers: { 200: { description: 'What was done.', schema: importAnswerSchema } },
      handle: async ({ query: { dry_run }, body }) => {
        const { added, changed } = await readMonitorsFile(body.text, monitors);
        const before = new Map(Array.from(monitors.book.values(), (monitor) => [monitor.id, monitor]));
        const saved = dry_run ? monitors.plan(added, changed) : await monitors.save(added, changed);
        const created = saved.filter(({ id }) => !before.has(id)).map(({ id }) => id);
        const other = saved.filter((monitor) => before.has(monitor.id) && before.get(monitor.id) !== monitor);
        return {
          body: {
            created,
            changed: other.map(({ id }) => id),
            unchanged: saved.length - created.length - other.length,
          },
        };
      },
    }),
  ];
}
