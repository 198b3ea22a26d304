import { createFileRoute } from '@tanstack/react-router';
import { adminsOnly } from '@/services/me.ts';

export const Route = createFileRoute('/team')({ beforeLoad: adminsOnly });
