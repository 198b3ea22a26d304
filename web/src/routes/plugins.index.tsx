import { createFileRoute } from '@tanstack/react-router';
import { Soon } from '@/components/Soon.tsx';

export const Route = createFileRoute('/plugins/')({
  component: () => <Soon title="Plugins" verb="signalbox --help" />,
});
