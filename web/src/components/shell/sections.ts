import {
  IconActivity,
  IconHome,
  IconPlugConnected,
  IconPuzzle,
  IconShieldLock,
  IconUserCircle,
  IconUsers,
} from '@tabler/icons-react';
import { linkOptions } from '@tanstack/react-router';
import { isAdmin, type Me } from '@/services/me.ts';

/** An entry of the navigation at the side. */
const entries = [
  { ...linkOptions({ to: '/' }), label: 'Home', icon: IconHome, exact: true, may: everyone },
  { ...linkOptions({ to: '/runs' }), label: 'Runs', icon: IconActivity, exact: false, may: everyone },
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
