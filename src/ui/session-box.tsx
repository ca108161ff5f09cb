import { useSession } from './own-session.js';
import { Foreign } from './text-parts.js';

/** Who is logged in, and the way out; nothing where no one has to log in (docs/access.md). */
export function Session() {
  const session = useSession();
  if (session?.by !== 'session') return null;
  return (
    <form method="post" action="/logout">
      <Foreign text={session.name} /> ({session.role}){' '}
      <input type="hidden" name="csrf" value={session.csrf} />
      <button type="submit">Log out</button>
    </form>
  );
}
