import { Container } from '@mantine/core';
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { MissingPiece } from '@/components/MissingPiece.tsx';
import { NotFound } from '@/components/NotFound.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { isProblem } from '@/services/api.ts';
import { isMissing } from '@/services/pieces.ts';

/** Stands where a page could not be shown. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  if (isProblem(error, 'not_found', 'forbidden')) return <NotFound />;
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Container size="sm" py="xl">
      {isMissing(error) ? (
        <MissingPiece error={error} />
      ) : (
        <Trouble error={error} what="This page could not be shown" retry={retry} />
      )}
    </Container>
  );
}
