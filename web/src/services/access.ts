import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';
import type { Dataset, Permission } from '@/services/datasets.ts';
import type { Role } from '@/services/me.ts';

export type Holder = Schemas['Holder'];
export type SharedGroup = Schemas['SharedGroup'];
export type Invitation = Schemas['Invitation'];
export type Invited = Schemas['Invited'];
export type Effect = Schemas['Effect'];
export type Explanation = Schemas['Explanation'];
export type Question = Schemas['ExplainInputBody'];

/** Who a dataset is shared with, or might be. */
export interface Grantee {
  kind: 'user' | 'group';
  id: string;
  name: string;
}

/** Which of those who have access are shown. */
export interface HolderFilter {
  search?: string | undefined;
  cursor?: string | undefined;
}

/** Who has access to a dataset, and why. Keys of all that is about it begin with "access" and the dataset's id. */
export const holdersQuery = (dataset: string, { search, cursor }: HolderFilter) =>
  queryOptions({
    queryKey: ['access', dataset, 'holders', search ?? '', cursor ?? ''],
    queryFn: ({ signal }) => {
      const query = { ...(search ? { search } : {}), ...(cursor ? { cursor } : {}) };
      return answerOf(
        api.GET('/api/v1/datasets/{name}/access', { params: { path: { name: dataset }, query }, signal }),
      );
    },
    placeholderData: keepPreviousData,
  });

/** The groups that a dataset is shared with, page by page. */
export const sharedGroupsQuery = (dataset: string, search: string) =>
  infiniteQueryOptions({
    queryKey: ['access', dataset, 'groups', search],
    queryFn: ({ pageParam: cursor, signal }) => {
      const query = { cursor, ...(search ? { search } : {}) };
      return answerOf(
        api.GET('/api/v1/datasets/{name}/access/groups', { params: { path: { name: dataset }, query }, signal }),
      );
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });

/** How many letters a search for people needs. */
export const shortestSearch = 2;

/** Whom a dataset may be shared with. */
export const candidatesQuery = (dataset: string, search: string) =>
  queryOptions({
    queryKey: ['access', dataset, 'candidates', search],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/datasets/{name}/access/candidates', {
          params: { path: { name: dataset }, query: { search } },
          signal,
        }),
      ),
    enabled: search.length >= shortestSearch,
    placeholderData: keepPreviousData,
  });

function grant(dataset: string, { kind, id }: Grantee, permission: Permission, dry_run: boolean) {
  const how = { params: { path: { name: dataset, id }, query: { dry_run } }, body: { permission } };
  return answerOf(
    kind === 'group'
      ? api.PUT('/api/v1/datasets/{name}/access/groups/{id}', how)
      : api.PUT('/api/v1/datasets/{name}/access/users/{id}', how),
  );
}

/** Shares a dataset; "none" takes the grant away. */
export const share = (dataset: string, to: Grantee, permission: Permission) => grant(dataset, to, permission, false);

/** Tells who would gain and lose what by it. */
export const effectOfShare = (dataset: string, to: Grantee, permission: Permission) =>
  grant(dataset, to, permission, true) as Promise<Effect>;

const patchDefault = (name: string, default_permission: Permission, dry_run: boolean) =>
  answerOf(
    api.PATCH('/api/v1/datasets/{name}', {
      params: { path: { name }, query: { dry_run } },
      body: { default_permission },
    }),
  );

/** Says what members have without a grant. */
export const setDefault = (dataset: string, to: Permission) => patchDefault(dataset, to, false) as Promise<Dataset>;

/** Tells who would gain and lose what by it. */
export const effectOfDefault = (dataset: string, to: Permission) => patchDefault(dataset, to, true) as Promise<Effect>;

/** Invitations to a dataset that can still be accepted. */
export const datasetInvitationsQuery = (dataset: string) =>
  queryOptions({
    queryKey: ['access', dataset, 'invitations'],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/datasets/{name}/access/invitations', {
          params: { path: { name: dataset }, query: { open: true, limit: 500 } },
          signal,
        }),
      ),
  });

export const inviteTo = (dataset: string, email: string, permission: Exclude<Permission, 'none'>) =>
  answerOf(
    api.POST('/api/v1/datasets/{name}/access/invitations', {
      params: { path: { name: dataset } },
      body: { email, permission },
    }),
  );

export const takeBack = (dataset: string, id: string) =>
  answerOf(api.DELETE('/api/v1/datasets/{name}/access/invitations/{id}', { params: { path: { name: dataset, id } } }));

/** May someone do something, and why? */
export const explainQuery = (question: Question) =>
  queryOptions({
    queryKey: ['access', question.dataset ?? '', 'explain', question],
    queryFn: ({ signal }) => answerOf(api.POST('/api/v1/access/explain', { body: question, signal })),
  });

/** The role with which someone joins whom a dataset is shared with. */
export function roleByInvitation(permission: Permission): Role {
  if (permission === 'view') return 'guest';
  return permission === 'tag' ? 'labeler' : 'collaborator';
}
