import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';

export type Plugin = Schemas['Plugin'];
export type PluginOperator = Schemas['PluginOperator'];
export type OperatorChange = Schemas['OperatorPatchBody'];
export type Effect = Schemas['Effect'];
export type Installation = Schemas['Installation'];
export type Revision = Schemas['Revision'];
export type Environment = Schemas['Environment'];

/** The permissions on a dataset, the least first. */
export const permissions = ['none', 'view', 'tag', 'edit', 'manage'] as const;

export const pluginsQuery = queryOptions({
  queryKey: ['plugins', 'list'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/plugins', { params: { query: { limit: 500 } }, signal })),
});

export const pluginQuery = (name: string) =>
  queryOptions({
    queryKey: ['plugins', 'one', name],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/plugins/{name}', { params: { path: { name } }, signal })),
  });

export const revisionsQuery = (name: string) =>
  queryOptions({
    queryKey: ['plugins', 'one', name, 'revisions'],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/plugins/{name}/revisions', { params: { path: { name }, query: { limit: 500 } }, signal }),
      ),
  });

function sendArchive(archive: Blob, query: { overwrite: boolean; dry_run?: boolean }): Promise<Installation> {
  return answerOf(
    api.POST('/api/v1/plugins', {
      params: { query },
      body: archive as unknown as string, // OpenAPI calls bytes a string
      bodySerializer: (body) => body as unknown as Blob,
      headers: { 'Content-Type': 'application/zip' },
    }),
  );
}

/** Tells what an archive would change. */
export const previewPlugin = (archive: Blob) => sendArchive(archive, { overwrite: true, dry_run: true });

/** Installs an archive; over one that is there only if the preview said so. */
export const installPlugin = (archive: Blob, overwrite: boolean) => sendArchive(archive, { overwrite });

export const setPluginEnabled = (name: string, enabled: boolean) =>
  answerOf(api.PATCH('/api/v1/plugins/{name}', { params: { path: { name } }, body: { enabled } }));

export const removePlugin = (name: string) =>
  answerOf(api.DELETE('/api/v1/plugins/{name}', { params: { path: { name } } }));

export const rollBack = (name: string, revision: number) =>
  answerOf(api.POST('/api/v1/plugins/{name}/rollback', { params: { path: { name } }, body: { revision } }));

const patchOperator = (name: string, operator: string, body: OperatorChange, dry_run: boolean) =>
  answerOf(
    api.PATCH('/api/v1/plugins/{name}/operators/{operator}', {
      params: { path: { name, operator }, query: { dry_run } },
      body,
    }),
  );

export const changeOperator = (name: string, operator: string, change: OperatorChange) =>
  patchOperator(name, operator, change, false);

/** Tells who would gain and lose what by a change. */
export const effectOf = (name: string, operator: string, change: OperatorChange) =>
  patchOperator(name, operator, change, true) as Promise<Effect>;

/** Where the ZIP of the current revision is. */
export const archiveAddress = (name: string) => `/api/v1/plugins/${encodeURIComponent(name)}/archive`;
