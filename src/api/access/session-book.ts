import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** A browser's session as it is stored: the digest of its id, so that the file gives no access. */
export interface SavedSession {
  /** SHA-256 of the id, base64. */
  readonly digest: string;
  /** The id of the token that it was begun with. */
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface SessionStore {
  loadSessions(): Promise<readonly SavedSession[]>;
  saveSessions(sessions: readonly SavedSession[]): Promise<void>;
}

/** A working day. */
export const SESSION_MS = 12 * 3_600_000;
/** The oldest one ends when there are more. */
const MOST_SESSIONS = 1000;

/** The sessions of browsers. They outlive the daemon, so that a page goes on after a restart. */
export class SessionBook {
  readonly #store: SessionStore;
  readonly #clock: () => number;
  readonly #onFault: (error: unknown) => void;
  #sessions = new Map<string, SavedSession>();
  #saving: Promise<void> = Promise.resolve();

  /**
   * @param clock milliseconds since the epoch
   * @param onFault called when sessions cannot be stored: they end with the daemon
   */
  constructor(store: SessionStore, clock: () => number, onFault: (error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onFault = onFault;
  }

  async load(): Promise<void> {
    const saved = await this.#store.loadSessions();
    this.#sessions = new Map(saved.map((each) => [each.digest, each]));
    this.#forget();
  }

  /** @returns the id for the cookie */
  async begin(token: string): Promise<{ readonly id: string; readonly expiresAt: number }> {
    this.#forget();
    const id = randomBytes(32).toString('base64url');
    // eslint-disable-next-line fairlead/wall-clock -- a date, which is stored
    const session = { digest: digestOf(id), token, expiresAt: this.#clock() + SESSION_MS };
    this.#sessions.set(session.digest, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MOST_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    await this.#save();
    return { id, expiresAt: session.expiresAt };
  }

  find(id: string): SavedSession | undefined {
    const found = this.#sessions.get(digestOf(id));
    // eslint-disable-next-line fairlead/wall-clock -- a date, which is stored
    return found && this.#clock() < found.expiresAt ? found : undefined;
  }

  async end(id: string): Promise<void> {
    if (this.#sessions.delete(digestOf(id))) await this.#save();
  }

  /** Ends all sessions of a token. */
  async endOf(token: string): Promise<void> {
    for (const [digest, each] of this.#sessions) if (each.token === token) this.#sessions.delete(digest);
    await this.#save();
  }

  #forget(): void {
    const now = this.#clock();
    for (const [digest, { expiresAt }] of this.#sessions) if (expiresAt <= now) this.#sessions.delete(digest);
  }

  async #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#store.saveSessions([...this.#sessions.values()]);
      } catch (error) {
        this.#onFault(error);
      }
    });
    await this.#saving;
  }
}

/** What a page of this session must send with each change. Only who has the session's id can make it. */
export function csrfOf(sessionId: string): string {
  return createHmac('sha256', sessionId).update('fairlead csrf').digest('base64url');
}

export function isCsrf(expected: string, given: string): boolean {
  const [a, b] = [digestOf(expected), digestOf(given)].map((text) => Buffer.from(text, 'base64'));
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
