import { NativeSelect } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { foretell, Foretold } from '@/components/Effect.tsx';
import { WhyNot } from '@/components/WhyNot.tsx';
import type { Named } from '@/components/team/deeds.ts';
import type { Effect } from '@/services/effects.ts';
import { atLeast, type Role, roleChoices, roleMeaning, roleWord, useMe } from '@/services/me.ts';

interface Props {
  of: Named & { role: string };
  locked: string | null; // the login provider that decides it
  busy: boolean;
  ask: (role: Role) => Promise<Effect>;
  act: (role: Role) => void;
}

/** Gives somebody another role, after it has told what that changes. */
export function RoleChoice({ of, locked, busy, ask, act }: Props) {
  const me = useMe();
  const choose = (role: Role) =>
    foretell({
      title: `Make “${of.name}” ${roleWord(role).toLowerCase()}?`,
      note: (
        <>
          {of.id === me.id && <>You lose what only admins may do, this page among it. </>}
          {roleMeaning[role]} It counts from the next request.
        </>
      ),
      verb: 'Change role',
      grave: !atLeast(role, of.role),
      about: ['role', of.id, role],
      ask: () => ask(role),
      show: Foretold,
      act: () => act(role),
    });
  if (locked !== null) return <Locked role={of.role} why={whyLocked(locked)} />;
  return (
    <NativeSelect
      size="xs"
      w={130}
      aria-label={`Role of ${of.name}`}
      data={roleChoices}
      value={of.role}
      aria-busy={busy} // not disabled: the focus stays here
      onChange={(e) => choose(e.currentTarget.value as Role)}
    />
  );
}

/** A role that cannot be changed here, for reading. */
function Locked({ role, why }: { role: string; why: string }) {
  return (
    <WhyNot reason={why}>
      {roleWord(role)} <IconLock size={14} aria-hidden style={{ verticalAlign: -2 }} />
    </WhyNot>
  );
}

/** Why a role cannot be changed here. */
export function whyLocked(provider: string): string {
  if (provider === 'demo') return 'A demonstration user keeps his role';
  return `The login provider ${provider} decides this role at each login; change it there`;
}
