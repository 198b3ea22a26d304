import { createFileRoute } from '@tanstack/react-router';
import { Soon } from '@/components/Soon.tsx';

export const Route = createFileRoute('/orchestrators/')({
  component: () => <Soon title="Orchestrators" verb="signalbox --help" />,
});
