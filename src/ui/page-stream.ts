import { useEffect, useRef } from 'preact/hooks';
import { StreamClient } from '../api/stream-client.js';
import type { StreamMessage, SubscribeJson } from '../api/types/stream.js';
import { dialBrowser } from './browser-dial.js';

/**
 * A connection of one page's own, for what only that page shows; it ends with the page. Other options begin another.
 * @param wanted undefined: none
 */
export function usePageStream(
  wanted: SubscribeJson | undefined,
  onMessage: (message: StreamMessage) => void,
): void {
  const latest = useRef(onMessage);
  latest.current = onMessage;
  const key = JSON.stringify(wanted);
  useEffect(() => {
    if (!wanted) return undefined;
    const client = new StreamClient({
      dial: dialBrowser,
      wanted,
      onMessage: (message) => latest.current(message),
    });
    // The daemon refuses only what another version of it does not know; then the page shows what it has.
    client.follow().catch((error: unknown) => console.error(error));
    return () => client.close();
  }, [key]);
}
