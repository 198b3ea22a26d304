import { expect, it } from 'vitest';
import { calm } from '@/forms/plots.ts';

it('leaves nothing in a plot that leads elsewhere', () => {
  const plot = {
    title: { text: '<a href="javascript:alert(1)">go</a> <b>on</b>' },
    images: [{ source: 'https://evil.example/i.png' }],
    data: [{ y: [1, 2], name: '< A href=x>n</ a>', marker: { color: ['red'] } }],
  };
  expect(calm(plot)).toEqual({
    title: { text: 'go <b>on</b>' },
    data: [{ y: [1, 2], name: 'n', marker: { color: ['red'] } }],
  });
});
