/**
 * A keyed hash of a text, unsigned 32 bits: FNV-1a over its UTF-16 units, finished as MurmurHash3 does, without
 * which neighbouring addresses would fall into neighbouring slots.
 */
export function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
