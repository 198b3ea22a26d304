import { Code, Text } from '@mantine/core';
import { Page } from '@/components/Page.tsx';

/** Stands where a page will be: until then the command line does what it will do. */
export function Soon({ title, verb }: { title: string; verb: string }) {
  return (
    <Page title={title}>
      <Text c="dimmed">
        This page does not exist yet. On the command line, <Code>{verb}</Code> does the same.
      </Text>
    </Page>
  );
}
