import { useEffect, useState } from 'react';
import { PagePending } from '@/components/PagePending.tsx';
import { Trouble } from '@/components/Trouble.tsx';
import { Problem } from '@/services/api.ts';
import { loadAgain, type Missing } from '@/services/pieces.ts';
import { useStreamState } from '@/services/stream.ts';

/** Stands where a piece of the pages did not come, and loads the page again once the server can be reached. */
export function MissingPiece({ error }: { error: Error }) {
  const stream = useStreamState();
  const [missing, setMissing] = useState<Missing>();
  useEffect(() => {
    void loadAgain().then(setMissing);
  }, [stream]);
  if (missing === undefined) return <PagePending />;
  return (
    <Trouble
      error={missing === 'away' ? new Problem(0, 'unreachable', 'The server cannot be reached') : error}
      what={missing === 'away' ? 'This page could not be shown' : 'A part of this page is missing'}
      retry={() => (missing === 'away' ? void loadAgain().then(setMissing) : location.reload())}
    />
  );
}
