import { useDeed } from '@/components/deed.ts';
import { endKey, endOtherSessions, endSession, type Key, type Session } from '@/services/keys.ts';

/** What somebody does with his own keys and sessions. */
export function useProfileDeeds() {
  return {
    endKey: useDeed({
      act: (key: Key) => endKey(key.id),
      refresh: [['me', 'keys']],
      done: (_, key) => `The key ${key.name} is ended.`,
      failed: (key) => `The key ${key.name} was not ended`,
    }),
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
