import { describe, expect, it } from 'vitest';
import { ago, bytes, duration } from '@/services/times.ts';

describe('durations', () => {
  it.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [59_600, '1 min'],
    [72_000, '1 min 12 s'],
    [3_600_000, '1 h'],
    [3_661_000, '1 h 1 min'],
    [90_000_000, '1 d 1 h'],
    [-5, '0.0 s'],
  ])('%d ms is %s', (milliseconds, text) => expect(duration(milliseconds)).toBe(text));
});

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.5 kB'],
    [12_400_000, '12 MB'],
  ])('%d bytes are %s', (size, text) => expect(bytes(size)).toBe(text));
});

describe('times ago', () => {
  const now = Date.UTC(2026, 0, 1, 12);
  it('uses the largest unit that fits, and "now" for moments', () => {
    expect(ago(new Date(now - 2_000).toISOString(), now)).toBe('now');
    expect(ago(new Date(now - 125_000).toISOString(), now)).toBe('2 min ago');
    expect(ago(new Date(now - 3 * 86_400_000).toISOString(), now)).toBe('3 days ago');
  });
});
