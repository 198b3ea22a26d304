import { createFileRoute, redirect } from '@tanstack/react-router';
import { scheduleSearch } from '@/components/schedule/search.ts';

/** The same page, with the dataset chosen. */
export const Route = createFileRoute('/d/$dataset/schedule')({
  validateSearch: scheduleSearch,
  beforeLoad: ({ params: { dataset }, search }) => {
    throw redirect({ to: '/schedule', search: { ...search, dataset }, replace: true });
  },
});
