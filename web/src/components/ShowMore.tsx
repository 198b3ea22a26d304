import { Button } from '@mantine/core';

interface Props {
  of: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** Reads the next page of a list that has one. */
export function ShowMore({ of }: Props) {
  if (!of.hasNextPage) return null;
  return (
    <Button
      size="compact-sm"
      variant="default"
      mt="xs"
      loading={of.isFetchingNextPage}
      onClick={() => void of.fetchNextPage()}
    >
      Show more
    </Button>
  );
}
