import { Anchor } from '@mantine/core';
import { IconChevronLeft } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import classes from './Back.module.css';

interface Props {
  to: '/team/users' | '/team/groups' | '/team/service-accounts';
  children: string;
}

/** The way from a page about one to the list of all. */
export function Back({ to, children }: Props) {
  return (
    <Anchor component={Link} to={to} size="sm" className={classes.back ?? ''}>
      <IconChevronLeft size={14} aria-hidden />
      {children}
    </Anchor>
  );
}
