import { Button, Text } from '@mantine/core';
import { useEffect, useState } from 'react';

interface Props {
  of: {
    data: { pages: unknown[] } | undefined;
    hasNextPage: boolean;
    isFetching: boolean;
    isFetchNextPageError: boolean;
    fetchNextPage: () => unknown;
  };
}

/** Reads the next page of a list that has one. */
export function ShowMore({ of }: Props) {
  const { data, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = of;
  const [wanted, want] = useState(0); // pages
  const pages = data?.pages.length ?? 0;
  const waits = hasNextPage && pages < wanted && !isFetchNextPageError;
  useEffect(() => {
    if (waits && !isFetching) void fetchNextPage(); // news of what is listed took the place of the question
  }, [waits, isFetching, fetchNextPage]);
  if (!hasNextPage && pages >= wanted && wanted > 0) {
    return (
      <Text ref={takeFocus} tabIndex={-1} role="status" size="xs" c="dimmed" mt="xs">
        That is all.
      </Text>
    );
  }
  if (!hasNextPage) return null;
  const more = () => {
    want(pages + 1);
    void fetchNextPage();
  };
  return (
    <Button
      size="compact-sm"
      variant="default"
      mt="xs"
      aria-busy={waits} // not disabled: the focus stays here
      onClick={() => !waits && more()}
    >
      {waits ? 'Reading…' : 'Show more'}
    </Button>
  );
}

/** Takes over the focus of the button that stood there. */
function takeFocus(element: HTMLElement | null) {
  if (document.activeElement === document.body) element?.focus();
}
