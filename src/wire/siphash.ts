/**
 * SipHash-2-4 (https://www.aumasson.jp/siphash/siphash.pdf): a keyed hash that is unpredictable without the key and
 * fast for short messages. The 64-bit words are stored as 32-bit halves: l is the low one, h the high one.
 * @param key 16 bytes
 * @returns 8 bytes, little-endian as in the reference implementation
 */
export function sipHash24(key: Uint8Array, message: Uint8Array): Uint8Array {
  const [k0l, k0h, k1l, k1h] = [word(key, 0), word(key, 4), word(key, 8), word(key, 12)];
  let [l0, h0] = [k0l ^ 0x70736575, k0h ^ 0x736f6d65];
  let [l1, h1] = [k1l ^ 0x6e646f6d, k1h ^ 0x646f7261];
  let [l2, h2] = [k0l ^ 0x6e657261, k0h ^ 0x6c796765];
  let [l3, h3] = [k1l ^ 0x79746573, k1h ^ 0x74656462];
  // After the whole blocks follows one with the remaining bytes and the length, then the finalization with four rounds.
  const lastAt = message.length & ~7;
  for (let at = 0; at <= lastAt + 8; at += 8) {
    const isEnd = at > lastAt;
    const low = isEnd ? 0 : word(message, at);
    const high = isEnd ? 0 : word(message, at + 4) | (at === lastAt ? message.length << 24 : 0);
    l3 ^= low;
    h3 ^= high;
    if (isEnd) l2 ^= 0xff;
    for (let rounds = isEnd ? 4 : 2; rounds > 0; rounds--) {
      let sum = (l0 >>> 0) + (l1 >>> 0);
      h0 = (h0 + h1 + (sum > MAX ? 1 : 0)) | 0;
      l0 = sum | 0;
      let turned = (l1 << 13) | (h1 >>> 19);
      h1 = ((h1 << 13) | (l1 >>> 19)) ^ h0;
      l1 = turned ^ l0;
      turned = l0;
      l0 = h0;
      h0 = turned;

      sum = (l2 >>> 0) + (l3 >>> 0);
      h2 = (h2 + h3 + (sum > MAX ? 1 : 0)) | 0;
      l2 = sum | 0;
      turned = (l3 << 16) | (h3 >>> 16);
      h3 = ((h3 << 16) | (l3 >>> 16)) ^ h2;
      l3 = turned ^ l2;

      sum = (l0 >>> 0) + (l3 >>> 0);
      h0 = (h0 + h3 + (sum > MAX ? 1 : 0)) | 0;
      l0 = sum | 0;
      turned = (l3 << 21) | (h3 >>> 11);
      h3 = ((h3 << 21) | (l3 >>> 11)) ^ h0;
      l3 = turned ^ l0;

      sum = (l2 >>> 0) + (l1 >>> 0);
      h2 = (h2 + h1 + (sum > MAX ? 1 : 0)) | 0;
      l2 = sum | 0;
      turned = (l1 << 17) | (h1 >>> 15);
      h1 = ((h1 << 17) | (l1 >>> 15)) ^ h2;
      l1 = turned ^ l2;
      turned = l2;
      l2 = h2;
      h2 = turned;
    }
    l0 ^= low;
    h0 ^= high;
  }
  const [low, high] = [l0 ^ l1 ^ l2 ^ l3, h0 ^ h1 ^ h2 ^ h3];
  return Uint8Array.of(low, low >> 8, low >> 16, low >> 24, high, high >> 8, high >> 16, high >> 24);
}

const MAX = 0xffffffff;

/** Four bytes, little-endian. Bytes past the end count as 0. */
function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}
