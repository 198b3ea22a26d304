import { Button, Group } from '@mantine/core';

interface Props {
  first: boolean; // the first page is shown
  next: string | null; // the cursor of the page after it
  onPage: (cursor: string | undefined) => void;
}

/** Goes from page to page of a list; nothing where there is one alone. */
export function Pager({ first, next, onPage }: Props) {
  if (first && next === null) return null;
  return (
    <Group justify="flex-end" gap="xs" p="xs" component="nav" aria-label="Pages">
      <Button variant="default" size="xs" disabled={first} onClick={() => onPage(undefined)}>
        First page
      </Button>
      <Button variant="default" size="xs" disabled={first} onClick={() => history.back()}>
        Previous
      </Button>
      <Button variant="default" size="xs" disabled={next === null} onClick={() => onPage(next ?? undefined)}>
        Next
      </Button>
    </Group>
  );
}
