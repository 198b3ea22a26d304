import { NativeSelect } from '@mantine/core';
import { confirm } from '@/components/confirm.tsx';
import { Foretold } from '@/components/Foretold.tsx';
import { WhyNot } from '@/components/WhyNot.tsx';
import type { Named } from '@/components/team/deeds.ts';
import type { Effect } from '@/services/effects.ts';
import { type Role, roleChoices, roleMeaning, roleWord, useMe } from '@/services/me.ts';

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
    confirm({
      title: `Make “${of.name}” ${roleWord(role).toLowerCase()}?`,
      effect: (
        <>
          {of.id === me.id && <>You lose what only admins may do, this page among it. </>}
          {roleMeaning[role]} It counts from the next request.
          <Foretold of={['role', of.id, role]} ask={() => ask(role)} />
        </>
      ),
      verb: 'Change role',
      grave: of.id === me.id,
      act: () => act(role),
    });
  return (
    <WhyNot reason={whyLocked(locked)}>
      <NativeSelect
        size="xs"
        w={130}
        aria-label={`Role of ${of.name}`}
        data={roleChoices}
        value={of.role}
        disabled={locked !== null || busy}
        onChange={(e) => choose(e.currentTarget.value as Role)}
      />
    </WhyNot>
  );
}

/** Why a role cannot be changed here, if it cannot. */
export function whyLocked(provider: string | null): string | undefined {
  if (provider === null) return undefined;
  if (provider === 'demo') return 'A demonstration user keeps his role';
  return `The login provider ${provider} decides this role at each login; change it there`;
}
