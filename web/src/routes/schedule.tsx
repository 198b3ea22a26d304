import { createFileRoute } from '@tanstack/react-router';
import { Schedule } from '@/components/schedule/Schedule.tsx';
import { scheduleSearch } from '@/components/schedule/search.ts';

export const Route = createFileRoute('/schedule')({
  validateSearch: scheduleSearch,
  component: ScheduleRun,
});

function ScheduleRun() {
  return <Schedule search={Route.useSearch()} />;
}
