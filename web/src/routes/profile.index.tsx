import { createFileRoute } from '@tanstack/react-router';
import { Soon } from '@/components/Soon.tsx';

export const Route = createFileRoute('/profile/')({
  component: () => <Soon title="Profile" verb="signalbox --help" />,
});
