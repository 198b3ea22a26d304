import { useComputedColorScheme } from '@mantine/core';
import { getNonce } from 'get-nonce';
import { useEffect, useRef } from 'react';
import { calm } from '@/forms/plots.ts';
import { isObject } from '@/forms/model.ts';
import classes from './forms.module.css';

/** A plot, from the traces and the layout of Plotly. It is very large: load it with lazy(). */
export default function Plot({ data, layout, label }: { data: unknown; layout: unknown; label: string }) {
  const at = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  useEffect(() => {
    const place = at.current;
    if (!place) return;
    let gone = false;
    allowStyles();
    let clear: (() => void) | undefined;
    void import('plotly.js-strict-dist-min').then(({ default: plotly }) => {
      if (gone) return;
      void plotly.react(place, calm(Array.isArray(data) ? data : []), styled(layout, dark), {
        displaylogo: false,
        responsive: true,
      });
      clear = () => plotly.purge(place);
    });
    return () => {
      gone = true;
      clear?.();
    };
  }, [data, layout, dark]);
  return <div ref={at} className={classes.plot} role="figure" aria-label={label} />;
}

function styled(layout: unknown, dark: boolean) {
  const given = isObject(layout) ? calm(layout) : {};
  const style = getComputedStyle(document.body);
  return {
    margin: { t: 32, r: 16, b: 40, l: 48 },
    paper_bgcolor: 'transparent',
    plot_bgcolor: 'transparent',
    font: { color: style.color, family: style.fontFamily, size: 12 },
    xaxis: { gridcolor: dark ? '#424242' : '#dee2e6' },
    yaxis: { gridcolor: dark ? '#424242' : '#dee2e6' },
    ...given,
    autosize: true,
  };
}

// Where Plotly and the maps within it would put style sheets, in the version that package.json names.
const sheets = ['plotly.js-style-global', '9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53'];

/** Makes the sheets that Plotly adds rules to, before it does: without our nonce the policy refuses them. */
function allowStyles() {
  for (const id of sheets) {
    if (document.getElementById(id)) continue;
    const sheet = document.createElement('style');
    sheet.id = id;
    sheet.nonce = getNonce() ?? '';
    document.head.append(sheet);
  }
}
