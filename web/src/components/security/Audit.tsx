import { Button, Stack } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { AuditFilters } from '@/components/security/AuditFilters.tsx';
import { AuditList } from '@/components/security/AuditList.tsx';
import type { AuditSearch } from '@/components/security/search.ts';

/** Who did what to what, and what was refused. */
export function Audit({ search }: { search: AuditSearch }) {
  const navigate = useNavigate();
  const change = useCallback(
    (to: Partial<AuditSearch>) =>
      void navigate({
        to: '.',
        search: (before) => ({ ...before, cursor: undefined, ...to }),
        resetScroll: 'cursor' in to,
      }),
    [navigate],
  );
  const clear = () => void navigate({ to: '.', search: {} });
  return (
    <Stack gap="sm">
      <AuditFilters search={search} change={change} />
      <AuditList
        search={search}
        change={change}
        clear={
          <Button variant="subtle" size="compact-sm" onClick={clear}>
            Clear the filters
          </Button>
        }
      />
    </Stack>
  );
}
