import { AppShell, Burger, Group, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Account } from '@/components/shell/Account.tsx';
import { Logo } from '@/components/shell/Logo.tsx';
import { PaletteButton } from '@/components/shell/PaletteButton.tsx';
import { Pulse } from '@/components/shell/Pulse.tsx';
import { sectionsFor } from '@/components/shell/sections.ts';
import { Shortcuts } from '@/components/shell/Shortcuts.tsx';
import { Theme } from '@/components/shell/Theme.tsx';
import { useLive } from '@/services/live.ts';
import { useMe } from '@/services/me.ts';
import classes from './Shell.module.css';

/** The frame around every page: who is here, where he can go, and whether what he sees is up to date. */
export function Shell() {
  useLive();
  const [open, menu] = useDisclosure(false);
  const path = useRouterState({ select: (s) => s.location.pathname });
  useEffect(() => menu.close(), [path, menu]);
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding={0}
      classNames={{ navbar: classes.navbar ?? '', header: classes.header ?? '', main: classes.main ?? '' }}
    >
      <a href="#main" className={classes.skip}>
        Go to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={open} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <UnstyledButton component={Link} to="/" className={classes.brand}>
              <Logo />
              <Text fw={650}>Signalbox</Text>
            </UnstyledButton>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <PaletteButton />
            <Pulse />
            <Theme />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Main">
        <Sections />
      </AppShell.Navbar>
      <Shortcuts />
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

const here = { 'data-active': true, 'aria-current': 'page' } as const;

function Sections() {
  const me = useMe();
  const path = useRouterState({ select: (s) => s.location.pathname });
  return sectionsFor(me).map(({ icon: Icon, label, to, exact, also }) => (
    <Link
      key={to}
      to={to}
      className={classes.entry}
      activeOptions={{ exact }}
      activeProps={here}
      {...(also !== undefined && path.startsWith(also) ? here : {})}
    >
      <Icon size={18} stroke={1.7} aria-hidden />
      {label}
    </Link>
  ));
}
