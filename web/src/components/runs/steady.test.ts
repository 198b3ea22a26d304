import { act, renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { useSteady } from '@/components/runs/steady.ts';

const run = (id: string, status = 'queued') => ({ id, status });

function list() {
  const first = { items: [run('b'), run('a')], about: 'all', held: false };
  return renderHook((p: typeof first) => useSteady(p.items, p.about, p.held), { initialProps: first });
}

it('shows what is new while nobody is at the list', () => {
  const { result, rerender } = list();
  rerender({ items: [run('c'), run('b'), run('a')], about: 'all', held: false });
  expect(result.current.rows.map((r) => r.id)).toEqual(['c', 'b', 'a']);
  expect(result.current.fresh).toBe(0);
});

it('moves nothing under a pointer, but keeps what it shows up to date', () => {
  const { result, rerender } = list();
  rerender({ items: [run('c'), run('a', 'running'), run('b')], about: 'all', held: true });
  expect(result.current.rows).toEqual([run('b'), run('a', 'running')]);
  expect(result.current.fresh).toBe(1);
});

it('shows what is new when it is asked for', () => {
  const { result, rerender } = list();
  rerender({ items: [run('c'), run('b'), run('a')], about: 'all', held: true });
  act(() => result.current.show());
  expect(result.current.rows.map((r) => r.id)).toEqual(['c', 'b', 'a']);
  expect(result.current.fresh).toBe(0);
});

it('shows another list at once', () => {
  const { result, rerender } = list();
  rerender({ items: [run('z')], about: 'failed', held: true });
  expect(result.current.rows.map((r) => r.id)).toEqual(['z']);
});
