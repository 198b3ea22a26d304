import { Button, Group } from '@mantine/core';

interface Props {
  first: boolean; // it is the first page that shows
  next: string | null; // where the page after it begins
  onPage: (cursor: string | undefined) => void;
}

/** Goes through the pages of a list; not there when all fits on one. */
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
