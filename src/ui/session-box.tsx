import type { SessionJson } from '../api/types/access-json.js';
import { useAsked } from './asked.js';
import { live } from './live.js';
import { Foreign } from './text-parts.js';

/** Who is logged in, and the way out; nothing where no one has to log in (docs/access.md). */
export function Session() {
  const { value: session } = useAsked<SessionJson>('/v1/session', [live.link.value.state]);
  if (session?.by !== 'session') return null;
  return (
    <form method="post" action="/logout">
      <Foreign text={session.name} /> ({session.role}){' '}
      <input type="hidden" name="csrf" value={session.csrf} />
      <button type="submit">Log out</button>
    </form>
  );
}
