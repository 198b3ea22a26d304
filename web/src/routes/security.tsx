import { createFileRoute } from '@tanstack/react-router';
import { SecurityFrame } from '@/components/security/SecurityFrame.tsx';

export const Route = createFileRoute('/security')({ component: SecurityFrame });
