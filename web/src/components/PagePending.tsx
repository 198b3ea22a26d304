import { Center, Loader } from '@mantine/core';

/** Stands where a page is being read, when that takes long enough to notice. */
export function PagePending() {
  return (
    <Center py={96}>
      <Loader size="sm" aria-label="Loading" />
    </Center>
  );
}
