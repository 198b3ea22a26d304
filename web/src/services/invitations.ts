import { queryOptions } from '@tanstack/react-query';
import { answerOf, api, type Schemas } from '@/services/api.ts';
import { pageOf } from '@/services/people.ts';
import { oneOf, textOf } from '@/services/search.ts';

export type Invitation = Schemas['Invitation'];
export type Invited = Schemas['Invited'];

/** What the address of the list of invitations holds. */
export interface InvitationSearch {
  open?: 'yes' | undefined; // only those that can still be accepted
  cursor?: string | undefined;
}

export const invitationsQuery = ({ open, cursor }: InvitationSearch) =>
  queryOptions({
    queryKey: ['invitations', 'list', { open, cursor }],
    queryFn: ({ signal }) => {
      const query = { limit: pageOf, ...(open ? { open: true } : {}), ...(cursor ? { cursor } : {}) };
      return answerOf(api.GET('/api/v1/invitations', { params: { query }, signal }));
    },
  });

export const invite = (body: Schemas['InvitationInputBody']) => answerOf(api.POST('/api/v1/invitations', { body }));
export const revokeInvitation = (id: string) =>
  answerOf(api.DELETE('/api/v1/invitations/{id}', { params: { path: { id } } }));

/** Invites the same address to the same once more: a new link takes the place of the one before. */
export function inviteAgain({ email, role, dataset, permission }: Invitation): Promise<Invited> {
  if (dataset === null || permission === null) return invite({ email, role: role as never });
  return answerOf(
    api.POST('/api/v1/datasets/{name}/access/invitations', {
      params: { path: { name: dataset.id } },
      body: { email, permission: permission as never },
    }),
  );
}

/** Reads the address; what it does not know is left out. */
export function invitationSearch(given: Record<string, unknown>): InvitationSearch {
  return { open: oneOf(['yes'], given.open), cursor: textOf(given.cursor) };
}
