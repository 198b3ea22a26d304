import { Alert, Loader, Progress, Text } from '@mantine/core';
import { lazy, type ReactNode, Suspense } from 'react';
import { isWeb, Outward } from '@/components/Outward.tsx';
import { isObject } from '@/forms/model.ts';
import type { Said as What } from '@/forms/views.ts';
import classes from './forms.module.css';

const Markdown = lazy(() => import('@/forms/Markdown.tsx'));
const Plot = lazy(() => import('@/forms/Plot.tsx'));

const colors = { info: 'blue', warning: 'orange', error: 'red', success: 'teal' } as const;

interface Props {
  what: What;
  value: unknown;
  otherwise?: ReactNode; // how the value is shown by its type alone
}

/** What only says something: by its value, or by what its view holds. */
export function Said({ what, value, otherwise }: Props) {
  const text = typeof value === 'string' && value !== '' ? value : (what.description ?? what.label ?? '');
  switch (what.kind) {
    case 'info':
    case 'warning':
    case 'error':
    case 'success':
      return (
        <Alert color={colors[what.kind]} variant="light" p="sm" title={what.label}>
          {what.description ?? (what.label ? null : text)}
        </Alert>
      );
    case 'header':
      return (
        <div>
          <Text fw={600}>{what.label ?? text}</Text>
          {what.description && (
            <Text size="sm" c="dimmed">
              {what.description}
            </Text>
          )}
        </div>
      );
    case 'loading':
      return <Loader size="sm" aria-label={what.label ?? 'Loading'} />;
    case 'markdown':
      return (
        <Suspense fallback={<Text size="sm">{text}</Text>}>
          <Markdown text={text} />
        </Suspense>
      );
    case 'plot':
      return <Plotted what={what} value={value} />;
    case 'link':
      return (
        <Outward underline="always" to={what.href ?? text}>
          {what.label ?? what.href ?? text}
        </Outward>
      );
    case 'image':
      return <Picture address={text} label={what.label ?? 'Picture'} />;
    case 'progress':
      return typeof value === 'number' ? (
        <Progress value={value * 100} aria-label={what.label ?? 'Progress'} />
      ) : (
        otherwise
      );
    case 'absent':
      return (
        <Text size="sm" c="dimmed">
          {what.label ?? what.name} is there in FiftyOne’s App only.
        </Text>
      );
    default:
      return otherwise ?? <Text size="sm">{text}</Text>;
  }
}

function Plotted({ what, value }: Props) {
  const given = isObject(value) ? value : {};
  const data = Array.isArray(value) ? value : (given.data ?? what.data);
  if (!Array.isArray(data)) return null;
  return (
    <Suspense fallback={<div className={classes.plot} />}>
      <Plot data={data} layout={given.layout ?? what.layout} label={what.label ?? 'Plot'} />
    </Suspense>
  );
}

/** A picture that the result itself holds. One from elsewhere is a link: the page loads nothing from other hosts. */
function Picture({ address, label }: { address: string; label: string }) {
  if (/^data:image\/(png|jpeg|gif|webp);base64,/i.test(address)) {
    return <img src={address} alt={label} className={classes.picture} />;
  }
  const type = imageType(address);
  if (type) return <img src={`data:${type};base64,${address}`} alt={label} className={classes.picture} />;
  return isWeb(address) ? (
    <Outward underline="always" to={address}>
      {address}
    </Outward>
  ) : (
    <>{address}</>
  );
}

// How Base64 of such pictures begins.
const begins: [string, string][] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

function imageType(text: string): string | undefined {
  return begins.find(([start]) => text.startsWith(start))?.[1];
}
