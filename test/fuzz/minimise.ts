/**
 * Makes a packet smaller while it still fails (delta debugging, Zeller and Hildebrandt 2002): pieces are taken out, half
 * of the packet at first, down to single bytes; then bytes are set to zero.
 * @param fails whether a candidate shows the same failure
 * @param attempts how many candidates are tried at most
 */
export async function minimise(
  packet: Buffer,
  fails: (candidate: Buffer) => Promise<boolean>,
  attempts = 2000,
): Promise<Buffer> {
  let smallest = packet;
  let left = attempts;
  const tryOut = async (candidate: Buffer): Promise<boolean> => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let piece = Math.ceil(packet.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let at = 0; at < smallest.length && left > 0;) {
      const without = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + piece)]);
      if (!(await tryOut(without))) at += piece;
    }
  }
  for (let at = 0; at < smallest.length && left > 0; at++) {
    if (smallest[at] === 0) continue;
    const zeroed = Buffer.from(smallest);
    zeroed[at] = 0;
    await tryOut(zeroed);
  }
  return smallest;
}
