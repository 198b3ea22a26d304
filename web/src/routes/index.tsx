import { createFileRoute } from '@tanstack/react-router';
import { Page } from '@/components/Page.tsx';

export const Route = createFileRoute('/')({ component: Home });

function Home() {
  return <Page title="Home">…</Page>;
}
