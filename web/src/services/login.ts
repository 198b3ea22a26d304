/** Leaves for the login page, which leads back to the page that is shown now. */
export function enter() {
  const here = location.pathname + location.search;
  location.assign(`/login?return_to=${encodeURIComponent(here)}`);
}

/** Ends the session here, and then at the provider. */
export function leave() {
  // A form, so that the browser follows to the provider's own page.
  const form = document.createElement('form');
  form.method = 'post';
  form.action = '/auth/logout';
  document.body.append(form);
  form.submit();
}
