/** The sign: a flag at a post, as beside a track. */
export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#3b5bdb" />
      <path d="M8 24V8" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <path d="M9 10h9l6 4-6 4H9z" fill="#fff" />
    </svg>
  );
}
