/** What the user has chosen, in this browser. Where it keeps nothing (private windows), a choice lasts for the page. */

const PREFIX = 'fairlead.';

export function recall(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // The choice lasts for the page.
  }
}
