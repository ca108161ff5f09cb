/**
 * What the hot path knows, as words of 32 bits in one large array, so that a query is answered without making an object.
 * An entry is what is known of a client, or one compiled answer. Offsets are words from the beginning of the entry, unless said.
 */

/** The head of every entry; then comes the key, then the body. */
export const HEAD = {
  hash: 0,
  /** Words of the whole entry. */
  size: 1,
  /** For an answer the type, and from bit 16 on {@link WISH} bits; {@link CLIENT} for a client. */
  kind: 2,
  /** Whom the answer is for; 0 for a client. */
  scope: 3,
  /** Bytes of the key: a name in wire form, lower case, or an address. */
  keyOctets: 4,
  epoch: 5,
  /** The revision at which it was last found right. */
  checked: 6,
  /** How many pairs of slot and version there are: they end the entry, because they are looked at only after a change. */
  dependencies: 7,
  words: 8,
} as const;

/** The kind of a client's entry: no question has it. */
export const CLIENT = -1;

/** The body of a client's entry. */
export const CLIENT_BODY = {
  /** The scope of names that are the same for all who are on its networks. */
  networks: 0,
  /** The scope of names that depend on more: its stack, its links. */
  own: 1,
  words: 2,
} as const;

/** What a query wishes, and its answer is compiled for: flags come out as they went in. */
export const WISH = { RD: 1, AD: 2, CD: 4, DO: 8 } as const;

/** The body of an answer's entry; then come groups, forms, TTLs, and the bytes of the forms. */
export const ANSWER_BODY = {
  /** The second after which it is out of date; {@link NEVER}. */
  expires: 0,
  /** The second at which its TTLs were as they stand. */
  stored: 1,
  /** Bytes from the end of the question to the SOA's serial, which is patched; -1 for none. */
  serialAt: 2,
  /** 1: it came from an upstream. */
  upstream: 3,
  /** Groups of forms, the largest first: each is for clients that have room for it and not for the one before. */
  groups: 4,
  /** Forms of a group: the same answer begun at different places. */
  forms: 5,
  /** How many pairs of place (as `serialAt`) and TTL there are. */
  ttls: 6,
  /** Not 0: TTLs or a serial have to be written. */
  patches: 7,
  words: 8,
} as const;

/** One way to write an answer. */
export const FORM = {
  /** The second half of the header's first word, shifted to where it belongs. */
  flags: 0,
  /** The header's second and third word: QDCOUNT and ANCOUNT; NSCOUNT and ARCOUNT without the OPT. */
  counts: 1,
  moreCounts: 2,
  /** Bytes after the question; of a rotating form those in front of the set. */
  octets: 3,
  /**
   * Where they are: bytes from the beginning of the entry. They are as far from a word as they will be in the reply, and the end of the
   * question stands in front of them, so that they can be copied by whole words.
   */
  at: 4,
  /** Records of the set that is begun anywhere; 0: none. */
  records: 5,
  /** Bytes of each: a multiple of 4. */
  recordOctets: 6,
  /**
   * Where the set is: words from the beginning of the entry. Records of type A are their first three words, which all have in common, and
   * then one address after the other. Others stand whole behind `octets`, and the first once more after the last, for the word that both
   * share: `set` is 0.
   */
  set: 7,
  words: 8,
} as const;

export const NEVER = 0x7fffffff;

/** The longest entry, in words: what is larger is left to the slow path. */
export const MAX_ENTRY_WORDS = 8192;

/** Bytes up to which a name's words go. */
export function wordsFor(octets: number): number {
  return (octets + 3) >> 2;
}

/**
 * Lower case for four bytes at once: 0x20 is added where a byte is an upper-case letter. Label lengths are below 64 and so
 * never taken for letters.
 */
export function lowerWord(word: number): number {
  const low = word & 0x7f7f7f7f;
  const letters = (low + 0x3f3f3f3f) & ~(low + 0x25252525) & ~word & 0x80808080;
  return word | (letters >>> 2);
}

/** Mixes one word into a hash. */
export function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
