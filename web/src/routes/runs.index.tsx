import { createFileRoute } from '@tanstack/react-router';
import { Page } from '@/components/Page.tsx';

export const Route = createFileRoute('/runs/')({ component: Runs });

function Runs() {
  return <Page title="Runs">…</Page>;
}
