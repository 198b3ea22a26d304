import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { seldom } from '@/services/live.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('calls at once, then seldom, and never loses the last call', () => {
  const call = vi.fn();
  const lists = seldom(call, 1000);
  lists.call();
  expect(call).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 50; i++) lists.call();
  expect(call).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(call).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5000);
  expect(call).toHaveBeenCalledTimes(2);
});

it('calls no more once it is stopped', () => {
  const call = vi.fn();
  const lists = seldom(call, 1000);
  lists.call();
  lists.call();
  lists.stop();
  vi.advanceTimersByTime(5000);
  expect(call).toHaveBeenCalledTimes(1);
});
