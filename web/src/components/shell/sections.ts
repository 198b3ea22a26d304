import {
  type Icon,
  IconActivity,
  IconHome,
  IconPlugConnected,
  IconPuzzle,
  IconShieldLock,
  IconUserCircle,
  IconUsers,
} from '@tabler/icons-react';
import { type LinkOptions, linkOptions } from '@tanstack/react-router';
import { isAdmin, type Me } from '@/services/me.ts';

interface Entry {
  to: NonNullable<LinkOptions['to']>;
  label: string;
  icon: Icon;
  letter: string; // goes there after a g
  exact: boolean;
  may: (me: Me) => boolean;
  also?: string; // how other addresses begin that belong to it
}

/** The navigation at the side. */
const entries: Entry[] = [
  { ...linkOptions({ to: '/' }), label: 'Home', letter: 'h', icon: IconHome, exact: true, may: everyone },
  {
    ...linkOptions({ to: '/runs' }),
    label: 'Runs',
    letter: 'r',
    icon: IconActivity,
    exact: false,
    may: everyone,
    also: '/d/', // the runs of a dataset
  },
  { ...linkOptions({ to: '/plugins' }), label: 'Plugins', letter: 'p', icon: IconPuzzle, exact: false, may: isAdmin },
  {
    ...linkOptions({ to: '/orchestrators' }),
    label: 'Orchestrators',
    letter: 'o',
    icon: IconPlugConnected,
    exact: false,
    may: isAdmin,
  },
  { ...linkOptions({ to: '/team' }), label: 'Team', letter: 't', icon: IconUsers, exact: false, may: isAdmin },
  {
    ...linkOptions({ to: '/security' }),
    label: 'Security',
    letter: 's',
    icon: IconShieldLock,
    exact: false,
    may: everyone,
  },
  {
    ...linkOptions({ to: '/profile' }),
    label: 'Profile',
    letter: 'u',
    icon: IconUserCircle,
    exact: false,
    may: everyone,
  },
];

function everyone(): boolean {
  return true;
}

/** What the caller may see of the navigation. */
export function sectionsFor(me: Me) {
  return entries.filter((e) => e.may(me));
}
