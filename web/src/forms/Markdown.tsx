import { Title } from '@mantine/core';
import Compiled, { type MarkdownToJSX } from 'markdown-to-jsx/react';
import type { ReactNode } from 'react';
import { Outward } from '@/components/Outward.tsx';
import classes from './forms.module.css';

const heading = ({ children }: { children?: ReactNode }) => (
  <Title order={3} component="p">
    {children}
  </Title>
);

// It is the text of an operator: its markup is none of the page's, its pictures are not loaded from elsewhere, and its
// headings do not stand among the page's own.
const options: MarkdownToJSX.Options = {
  disableParsingRawHTML: true,
  forceBlock: true,
  sanitizer: (value) => (/^(https?:|data:image\/(png|jpeg|gif|webp);)/i.test(value) ? value : null),
  overrides: {
    ...Object.fromEntries(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((tag) => [tag, { component: heading }])),
    a: ({ href, children }: { href?: string; children?: ReactNode }) => (
      <Outward underline="always" to={href ?? ''} inherit>
        {children}
      </Outward>
    ),
    img: ({ src, alt }: { src?: string; alt?: string }) =>
      src?.startsWith('data:') ? (
        <img src={src} alt={alt ?? ''} />
      ) : (
        <Outward underline="always" to={src ?? ''} inherit>
          {alt ?? src}
        </Outward>
      ),
  },
};

/** A text with marks, shown by them. It is large: load it with lazy(). */
export default function Markdown({ text }: { text: string }) {
  return (
    <div className={classes.markdown}>
      <Compiled options={options}>{text}</Compiled>
    </div>
  );
}
