import type { Message } from '../../wire/message.js';

/** How one attempt at one upstream ended. */
export type Outcome =
  /** A valid reply, whatever its response code. */
  | { readonly kind: 'reply'; readonly message: Message }
  /** A valid but truncated reply. Ask again over TCP. */
  | { readonly kind: 'truncated' }
  /** Replies may be forged: many were wrong, or one lacked the cookie. Ask again over TCP. */
  | { readonly kind: 'suspicious' }
  /** The network reported an error. `detail` is an errno name, or says what was wrong with the stream. */
  | { readonly kind: 'network'; readonly detail: string }
  /** The caller has given up. */
  | { readonly kind: 'aborted' };
