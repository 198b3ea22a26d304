import { useDeed } from '@/components/deed.ts';
import { endOtherSessions, endSession, type Session } from '@/services/keys.ts';

/** What somebody does with his own sessions. */
export function useProfileDeeds() {
  return {
    endSession: useDeed({
      act: (session: Session) => endSession(session.id),
      refresh: [['me', 'sessions']],
      done: () => 'The session is ended.',
      failed: 'The session was not ended',
    }),
    endOthers: useDeed({
      act: () => endOtherSessions(),
      refresh: [['me', 'sessions']],
      done: () => 'All other sessions are ended.',
      failed: 'The other sessions were not ended',
    }),
  };
}
