import { createFileRoute } from '@tanstack/react-router';
import { Soon } from '@/components/Soon.tsx';

export const Route = createFileRoute('/team/')({ component: () => <Soon title="Team" verb="signalbox --help" /> });
