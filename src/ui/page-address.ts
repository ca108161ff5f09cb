import { signal } from '@preact/signals';

/** Where in the dashboard: `#/services/default/shop/web?q=unhealthy`. */
export interface PageAddress {
  readonly page: string;
  readonly path: readonly string[];
  /** What the page's filter says. */
  readonly filter: string;
}

const HOME = 'overview';

/** @param hash of a location; what cannot be decoded is left as it is */
export function readAddress(hash: string): PageAddress {
  const [place = '', query = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [page = '', ...path] = place.split('/').map(decoded);
  return { page: page || HOME, path, filter: new URLSearchParams(query).get('q') ?? '' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A link to a page. */
export function addressOf(page: string, path: readonly string[] = [], filter = ''): string {
  const place = [page, ...path].map(encodeURIComponent).join('/');
  return `#/${place}${filter === '' ? '' : `?${new URLSearchParams({ q: filter }).toString()}`}`;
}

/** The page that is shown. */
export const address = signal(readAddress(''));

/** Follows the browser's address, with its buttons for back and forward. */
export function followAddress(): void {
  const read = (): void => {
    clearTimeout(typing);
    address.value = readAddress(location.hash);
  };
  addEventListener('hashchange', read);
  read();
}

export function visit(page: string): void {
  location.hash = addressOf(page);
}

/** Milliseconds: a browser does much for each change of its address, asking for the icon among others. */
const TYPING_MS = 150;

let typing: ReturnType<typeof setTimeout> | undefined;

/** The filter becomes part of the address when its user stops typing, without a step in the history for each letter. */
export function setFilter(filter: string): void {
  const { page, path } = address.value;
  address.value = { page, path, filter };
  clearTimeout(typing);
  typing = setTimeout(() => history.replaceState(null, '', addressOf(page, path, filter)), TYPING_MS);
}
