import type { Message } from '../../wire/message.js';

/** How one attempt at one upstream ended. */
export type Outcome =
  /** A valid reply, whatever its response code. */
  | { readonly kind: 'reply'; readonly message: Message }
  /** A valid reply that was cut off: ask again over TCP. */
  | { readonly kind: 'truncated' }
  /** Somebody seems to be guessing: so many wrong replies, or one without the cookie. Ask again over TCP. */
  | { readonly kind: 'suspicious' }
  /** The network said no. `detail`: an errno name or what was wrong with the stream. */
  | { readonly kind: 'network'; readonly detail: string }
  /** Nobody waits any more. */
  | { readonly kind: 'aborted' };
