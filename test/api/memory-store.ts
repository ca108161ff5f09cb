import type { SavedSession, SessionStore } from '../../src/api/access/session-book.js';
import type { SavedToken, TokenStore } from '../../src/api/access/token-book.js';

/** What a daemon keeps in its state directory, for those that come after it. */
export class MemoryStore implements TokenStore, SessionStore {
  tokens: readonly SavedToken[] = [];
  sessions: readonly SavedSession[] = [];

  loadTokens(): Promise<readonly SavedToken[]> {
    return Promise.resolve(this.tokens);
  }

  saveTokens(tokens: readonly SavedToken[]): Promise<void> {
    this.tokens = tokens;
    return Promise.resolve();
  }

  loadSessions(): Promise<readonly SavedSession[]> {
    return Promise.resolve(this.sessions);
  }

  saveSessions(sessions: readonly SavedSession[]): Promise<void> {
    this.sessions = sessions;
    return Promise.resolve();
  }
}
