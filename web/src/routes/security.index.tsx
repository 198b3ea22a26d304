import { createFileRoute } from '@tanstack/react-router';
import { Soon } from '@/components/Soon.tsx';

export const Route = createFileRoute('/security/')({
  component: () => <Soon title="Security" verb="signalbox --help" />,
});
