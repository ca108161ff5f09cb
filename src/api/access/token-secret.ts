import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';

/** scrypt (RFC 7914) of a token's secret. */
export interface SecretHash {
  readonly n: number;
  readonly r: number;
  readonly p: number;
  /** base64 */
  readonly salt: string;
  /** base64 */
  readonly key: string;
}

/** 16 MiB of memory and about 40 ms. */
const COST = { n: 16_384, r: 8, p: 1 };
const KEY_BYTES = 32;

/** `fl_` + id + `_` + 256 random bits. Scanners for leaked secrets can find it by its form. */
const FORM = /^fl_([a-z0-9]{8})_([A-Za-z0-9_-]{43})$/;
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A new token. @returns its text, and the id in it, which is not secret */
export function makeToken(): { readonly id: string; readonly text: string } {
  const id = Array.from({ length: 8 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('');
  return { id, text: `fl_${id}_${randomBytes(32).toString('base64url')}` };
}

/** The id in the text of a token; undefined if it has not the form of one. */
export function idOfToken(text: string): string | undefined {
  return FORM.exec(text)?.[1];
}

export async function hashSecret(text: string): Promise<SecretHash> {
  const salt = randomBytes(16).toString('base64');
  const key = await derive(text, { ...COST, salt });
  return { ...COST, salt, key: key.toString('base64') };
}

/** Whether a text is the one that was hashed. The time that this takes says nothing about where they differ. */
export async function isSecret(text: string, hash: SecretHash): Promise<boolean> {
  const key = await derive(text, hash);
  const expected = Buffer.from(hash.key, 'base64');
  return key.length === expected.length && timingSafeEqual(key, expected);
}

function derive(text: string, { n, r, p, salt }: Omit<SecretHash, 'key'>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const cost = { N: n, r, p, maxmem: 256 * n * r };
    scrypt(text, Buffer.from(salt, 'base64'), KEY_BYTES, cost, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
