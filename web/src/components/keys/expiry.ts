/** How long a new key is good, for choosing. */
export const terms = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: 'day', label: 'Until a day that I choose' },
  { value: 'never', label: 'It does not expire' },
];

/** When a key ends: after so many days, with a day such as 2030-01-31 where the person is, or never. */
export function endOf(term: string, day: string, now: number): string | null {
  if (term === 'never' || (term === 'day' && day === '')) return null;
  if (term === 'day') return new Date(`${day}T23:59:59`).toISOString();
  return new Date(now + Number(term) * 86_400_000).toISOString();
}
