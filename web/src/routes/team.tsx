import { createFileRoute } from '@tanstack/react-router';
import { TeamFrame } from '@/components/team/TeamFrame.tsx';
import { adminsOnly } from '@/services/me.ts';

export const Route = createFileRoute('/team')({ beforeLoad: adminsOnly, component: TeamFrame });
