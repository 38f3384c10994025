/** What is shown is in the address bar, so that a link shows the same. */

/** Return the parameters of the page's address. */
export const shown = () => new URLSearchParams(location.search);

/** Change parameters of the page's address without a new history entry; null removes one. */
export function show(changes) {
  const query = shown();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
}
