import { Text } from '@mantine/core';
import { absolute, useNow } from '@/services/times.ts';

/** In which language and time zone times are shown: those of the browser. */
export function Times() {
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const [here, utc] = absolute(new Date(useNow()).toISOString()).split('\n');
  return (
    <Text size="sm">
      Shown for {timeZone}, in the language that your browser asks for ({locale}): now it is {here}. Where a time stands
      as “2 min ago”, the pointer on it shows the whole of it, and UTC ({utc}).
    </Text>
  );
}
