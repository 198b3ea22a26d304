import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { PluginPage } from '@/components/plugins/PluginPage.tsx';
import { pluginQuery, revisionsQuery } from '@/services/plugins.ts';

export const Route = createFileRoute('/plugins/$id')({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([
      queryClient.query({ ...pluginQuery(id), staleTime: 'static' }),
      queryClient.query({ ...revisionsQuery(id), staleTime: 'static' }),
    ]),
  component: OnePlugin,
});

function OnePlugin() {
  const { data } = useSuspenseQuery(pluginQuery(Route.useParams().id));
  return <PluginPage plugin={data} />;
}
