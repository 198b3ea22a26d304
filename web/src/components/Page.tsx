import { Group, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import classes from './Page.module.css';

interface Props {
  title: string;
  lead?: ReactNode; // one sentence about what this page is for
  actions?: ReactNode;
  wide?: boolean; // for tables
  bare?: boolean; // the page shows its title itself
  above?: ReactNode; // such as the way back to a list
  children: ReactNode;
}

/** The frame of a page: its title, what can be done, and its content. Sets the title of the tab. */
export function Page({ title, lead, actions, wide = false, bare = false, above, children }: Props) {
  useTitle(title);
  return (
    <div className={classes.page} data-wide={wide || undefined}>
      {above}
      {!bare && <Head title={title} lead={lead} actions={actions} />}
      {children}
    </div>
  );
}

function Head({ title, lead, actions }: Pick<Props, 'title' | 'lead' | 'actions'>) {
  return (
    <Group justify="space-between" align="flex-start" mb="md" wrap="wrap">
      <div className={classes.words}>
        <Title order={1}>{title}</Title>
        {lead && (
          <Text c="dimmed" size="sm" mt={2}>
            {lead}
          </Text>
        )}
      </div>
      {actions}
    </Group>
  );
}

/** Sets the title of the browser's tab. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = title === 'Signalbox' ? title : `${title} · Signalbox`;
  }, [title]);
}
