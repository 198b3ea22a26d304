import { useSuspenseQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Page } from '@/components/Page.tsx';
import { Install } from '@/components/plugins/Install.tsx';
import { PluginList } from '@/components/plugins/PluginList.tsx';
import { pluginsQuery } from '@/services/plugins.ts';

export const Route = createFileRoute('/plugins/')({
  loader: ({ context }) => context.queryClient.query({ ...pluginsQuery, staleTime: 'static' }),
  component: Plugins,
});

function Plugins() {
  const { data } = useSuspenseQuery(pluginsQuery);
  return (
    <Page title="Plugins" wide lead="Where operators come from, and who may run them." actions={<Install />}>
      <PluginList plugins={data.items} />
    </Page>
  );
}
