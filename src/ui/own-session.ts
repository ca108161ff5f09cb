import type { SessionJson } from '../api/types/access-json.js';
import { useAsked } from './asked.js';
import { live } from './live.js';

/** What the user of this page may do; asked again whenever the daemon was away, because it may say otherwise then. */
export function useSession(): SessionJson | undefined {
  return useAsked<SessionJson>('/v1/session', [live.link.value.state]).value;
}
