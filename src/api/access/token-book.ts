import { createHash } from 'node:crypto';
import { ApiProblem } from '../problem.js';
import type { Role } from '../types/access-json.js';
import type { Scope } from './access-scope.js';
import { hashSecret, idOfToken, isSecret, makeToken, type SecretHash } from './token-secret.js';

/** A token as it is stored. Its secret is not. */
export interface SavedToken extends Scope {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly hash: SecretHash;
}

export type TokenInfo = Omit<SavedToken, 'hash'> & { readonly usedAt?: number };

export interface TokenStore {
  /** @throws Error with one line: what cannot be read, and what to do */
  loadTokens(): Promise<readonly SavedToken[]>;
  /** @throws Error with one line */
  saveTokens(tokens: readonly SavedToken[]): Promise<void>;
}

export interface TokenWishes extends Scope {
  readonly name: string;
  readonly role: Role;
  /** Milliseconds until it ends by itself. */
  readonly lifetime?: number;
}

/** More are hardly meant; each may have routes of its own in memory. */
const MOST_TOKENS = 200;

/** The tokens of one daemon. */
export class TokenBook {
  readonly #store: TokenStore;
  readonly #clock: () => number;
  #tokens = new Map<string, SavedToken>();
  readonly #used = new Map<string, number>();
  /** The digests of tokens that were verified, so that not every request costs a scrypt. */
  readonly #verified = new Map<string, string>();
  /** Compared with where no token has the id, so that this takes the same time. */
  #decoy: Promise<SecretHash> | undefined;
  readonly #listeners = new Set<(id: string) => void>();

  /** @param clock milliseconds since the epoch */
  constructor(store: TokenStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws Error with one line */
  async load(): Promise<void> {
    const tokens = await this.#store.loadTokens();
    this.#tokens = new Map(tokens.map((each) => [each.id, each]));
  }

  /** Those that can be used, oldest first. */
  list(): readonly TokenInfo[] {
    return [...this.#tokens.values()]
      .filter((each) => this.#isCurrent(each))
      .map((each) => this.#infoOf(each));
  }

  find(id: string): TokenInfo | undefined {
    const found = this.#tokens.get(id);
    return found && this.#isCurrent(found) ? this.#infoOf(found) : undefined;
  }

  /**
   * @returns the token and its text, which is not stored
   * @throws ApiProblem `token-exists`, `too-many-tokens`; Error with one line when it cannot be saved
   */
  async create({
    name,
    role,
    environments,
    stacks,
    lifetime,
  }: TokenWishes): Promise<TokenInfo & { readonly token: string }> {
    if (this.list().some((each) => each.name === name)) {
      const detail = `there is a token ${name} already; revoke it, or choose another name`;
      throw new ApiProblem(409, 'token-exists', detail);
    }
    if (this.list().length >= MOST_TOKENS)
      throw new ApiProblem(409, 'too-many-tokens', `there are ${MOST_TOKENS} tokens already; revoke one`);
    const { id, text } = makeToken();
    const createdAt = this.#clock();
    const saved: SavedToken = {
      id,
      name,
      role,
      ...(environments && { environments }),
      ...(stacks && { stacks }),
      createdAt,
      ...(lifetime !== undefined && { expiresAt: createdAt + lifetime }),
      hash: await hashSecret(text),
    };
    await this.#save([...this.#current(), saved]);
    return { ...this.#infoOf(saved), token: text };
  }

  /**
   * @param wanted an id or a name
   * @returns the token that is gone; undefined if there is none
   * @throws Error with one line when that cannot be saved; the token is revoked until the daemon ends
   */
  async revoke(wanted: string): Promise<TokenInfo | undefined> {
    const found = this.list().find(({ id, name }) => id === wanted || name === wanted);
    if (!found) return undefined;
    this.#tokens.delete(found.id);
    for (const [digest, id] of this.#verified) if (id === found.id) this.#verified.delete(digest);
    for (const listener of this.#listeners) listener(found.id);
    await this.#save(this.#current());
    return found;
  }

  /** Calls back with the id of each token that is revoked. */
  onRevoked(listener: (id: string) => void): void {
    this.#listeners.add(listener);
  }

  /** The token with this text, if it was verified before; this costs little. */
  known(text: string): TokenInfo | undefined {
    const id = this.#verified.get(digestOf(text));
    const found = id === undefined ? undefined : this.find(id);
    if (found) this.#used.set(found.id, this.#clock());
    return found;
  }

  /** The token with this text. It takes the same time whether there is none, or one with another secret. */
  async verify(text: string): Promise<TokenInfo | undefined> {
    const id = idOfToken(text) ?? '';
    const saved = this.#tokens.get(id);
    this.#decoy ??= hashSecret('');
    const isRight = await isSecret(text, saved?.hash ?? (await this.#decoy));
    const found = this.find(id);
    if (!isRight || !found) return undefined;
    this.#verified.set(digestOf(text), id);
    this.#used.set(id, this.#clock());
    return this.find(id);
  }

  #current(): SavedToken[] {
    return [...this.#tokens.values()].filter((each) => this.#isCurrent(each));
  }

  #isCurrent({ expiresAt = Infinity }: SavedToken): boolean {
    // eslint-disable-next-line fairlead/wall-clock -- a date, which is stored
    return this.#clock() < expiresAt;
  }

  #infoOf({ hash: _, ...info }: SavedToken): TokenInfo {
    const usedAt = this.#used.get(info.id);
    return { ...info, ...(usedAt !== undefined && { usedAt }) };
  }

  async #save(tokens: readonly SavedToken[]): Promise<void> {
    await this.#store.saveTokens(tokens);
    this.#tokens = new Map(tokens.map((each) => [each.id, each]));
  }
}

/** The key of a table: no one who could time a look-up learns anything about the token from its digest. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
