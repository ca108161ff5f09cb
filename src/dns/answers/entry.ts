/**
 * The data of the hot path, as 32-bit words in one large array, so that answering a query creates no object. An entry
 * holds the data of a client, or one compiled answer. Offsets are in words from the beginning of the entry unless
 * noted.
 */

/** The head of every entry, followed by the key and the body. */
export const HEAD = {
  hash: 0,
  /** Size of the whole entry in words. */
  size: 1,
  /** For an answer: the type, and from bit 16 on the {@link WISH} bits. For a client: {@link CLIENT}. */
  kind: 2,
  /** The scope of the answer; 0 for a client. */
  scope: 3,
  /** Length of the key in bytes. The key is a lower-case name in wire form, or an address. */
  keyOctets: 4,
  epoch: 5,
  /** The revision at which it was last found valid. */
  checked: 6,
  /**
   * The number of pairs of slot and version. They are at the end of the entry, because they are read only after a
   * change.
   */
  dependencies: 7,
  words: 8,
} as const;

/** The kind of a client's entry, which no question has. */
export const CLIENT = -1;

/** The body of a client's entry. */
export const CLIENT_BODY = {
  /** The scope of names that are the same for all clients on its networks. */
  networks: 0,
  /** The scope of names that depend on more: its stack and its links. */
  own: 1,
  words: 2,
} as const;

/** The wishes of a query for which its answer is compiled; flags come out as they went in. */
export const WISH = { RD: 1, AD: 2, CD: 4, DO: 8 } as const;

/** The body of an answer's entry, followed by groups, forms, TTLs, and the bytes of the forms. */
export const ANSWER_BODY = {
  /** The second after which it has expired, or {@link NEVER}. */
  expires: 0,
  /** The second to which its TTLs refer. */
  stored: 1,
  /** Bytes from the end of the question to the SOA's serial, which is updated; -1 if there is none. */
  serialAt: 2,
  /** 1 if it came from an upstream. */
  upstream: 3,
  /**
   * Groups of forms, the largest first. Each is for clients that accept its size but not that of the previous group.
   */
  groups: 4,
  /** Forms of a group: the same answer starting at different places. */
  forms: 5,
  /** The number of pairs of place (as in `serialAt`) and TTL. */
  ttls: 6,
  /** Not 0 if TTLs or a serial must be written. */
  patches: 7,
  words: 8,
} as const;

/** One way to write an answer. */
export const FORM = {
  /** The second half of the header's first word, shifted to its place. */
  flags: 0,
  /** The header's second and third word: QDCOUNT and ANCOUNT; NSCOUNT and ARCOUNT without the OPT. */
  counts: 1,
  moreCounts: 2,
  /** Bytes after the question; in a rotating form, those in front of the set. */
  octets: 3,
  /**
   * Their offset in bytes from the beginning of the entry. It has the same distance from a word boundary as in the
   * reply, and the end of the question precedes them, so that whole words can be copied.
   */
  at: 4,
  /** Number of records of the set that may start anywhere; 0: no such set. */
  records: 5,
  /** Size of each in bytes, a multiple of 4. */
  recordOctets: 6,
  /**
   * The offset of the set in words from the beginning of the entry. A records are stored as their common first three
   * words followed by the addresses. Other records are stored whole behind `octets`, with the first repeated after the
   * last, for the word that both share; `set` is then 0.
   */
  set: 7,
  words: 8,
} as const;

export const NEVER = 0x7fffffff;

/** The longest entry in words; the slow path handles larger ones. */
export const MAX_ENTRY_WORDS = 8192;

/** The bytes that a name takes in whole words. */
export function wordsFor(octets: number): number {
  return (octets + 3) >> 2;
}

/**
 * Lower case for four bytes at once: 0x20 is added where a byte is an upper-case letter. Label lengths are below 64, so
 * they are never mistaken for letters.
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
