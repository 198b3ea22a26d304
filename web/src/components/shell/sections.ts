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

interface Entry extends Pick<LinkOptions, 'to'> {
  label: string;
  icon: Icon;
  exact: boolean;
  may: (me: Me) => boolean;
  also?: string; // how other addresses begin that belong to it
}

/** The navigation at the side. */
const entries: Entry[] = [
  { ...linkOptions({ to: '/' }), label: 'Home', icon: IconHome, exact: true, may: everyone },
  {
    ...linkOptions({ to: '/runs' }),
    label: 'Runs',
    icon: IconActivity,
    exact: false,
    may: everyone,
    also: '/d/', // the runs of a dataset
  },
  { ...linkOptions({ to: '/plugins' }), label: 'Plugins', icon: IconPuzzle, exact: false, may: isAdmin },
  {
    ...linkOptions({ to: '/orchestrators' }),
    label: 'Orchestrators',
    icon: IconPlugConnected,
    exact: false,
    may: isAdmin,
  },
  { ...linkOptions({ to: '/team' }), label: 'Team', icon: IconUsers, exact: false, may: isAdmin },
  { ...linkOptions({ to: '/security' }), label: 'Security', icon: IconShieldLock, exact: false, may: everyone },
  { ...linkOptions({ to: '/profile' }), label: 'Profile', icon: IconUserCircle, exact: false, may: everyone },
];

function everyone(): boolean {
  return true;
}

/** What the caller may see of the navigation. */
export function sectionsFor(me: Me) {
  return entries.filter((e) => e.may(me));
}
