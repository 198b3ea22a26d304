import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';

/** What is not there and what one may not see look the same. */
export function NotFound() {
  return (
    <Stack align="center" gap="xs" py={96} ta="center">
      <Title order={1}>There is nothing here</Title>
      <Text c="dimmed" maw={420}>
        Either it does not exist, or you have no access to it. Who manages the dataset can share it with you.
      </Text>
      <Anchor component={Link} to="/">
        Go to the start
      </Anchor>
    </Stack>
  );
}
