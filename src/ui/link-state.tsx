import { formatAge } from '../net/age.js';
import { clockText, tick } from './clock.js';
import { live } from './live.js';
import { Toned } from './text-parts.js';

/** Whether what is shown is of now. */
export function LinkState() {
  const { state } = live.link.value;
  return (
    <p class="link" data-state={state}>
      {state === 'live' && <Toned tone="good">live</Toned>}
      {state === 'opening' && <Toned tone="warn">connecting</Toned>}
      {state === 'gone' && <Toned tone="bad">no connection</Toned>}
    </p>
  );
}

/** Says since when the daemon is gone. What is shown stays, and is marked as old. */
export function LostNote() {
  const { value: link } = live.link;
  return (
    <div role="status">
      {link.state === 'gone' && (
        <p class="lost">
          {link.isForbidden ? (
            <>
              The daemon wants to know who you are. <a href="/login">Log in</a>
            </>
          ) : (
            <>
              The daemon has not answered since <time>{clockText(link.at)}</time>
              {/* A screen reader need not hear every second. */}
              <span aria-hidden="true"> ({formatAge(Math.max(0, tick.value - link.at))})</span>: {link.why}.
              What you see is of that time. The page goes on by itself.
            </>
          )}
        </p>
      )}
    </div>
  );
}
