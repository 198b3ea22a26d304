import { createFileRoute } from '@tanstack/react-router';
import { TeamFrame } from '@/components/team/TeamFrame.tsx';

export const Route = createFileRoute('/team/_tabs')({ component: TeamFrame });
