import { networkHolding } from '../../catalog/view.js';
import type { Snapshot } from '../../catalog/snapshot.js';

/** RFC 1918, RFC 6598, loopback, link-local (RFC 3927, RFC 4291), unique local (RFC 4193). */
const PRIVATE =
  /^(?:10\.|127\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/;

/**
 * Whether to answer a client when no list of clients is configured: yes if no packet from the Internet can have its
 * address, or if the catalog knows the address. Any other client could be the victim of a forged source address.
 * @param address canonical
 */
export function isNearby(snapshot: Snapshot, address: string): boolean {
  return PRIVATE.test(address) || isKnown(snapshot, address);
}

/** Whether an address belongs to a task, a client or a known network. @param address canonical */
export function isKnown(snapshot: Snapshot, address: string): boolean {
  return (
    snapshot.tasksAt(address).length > 0 ||
    snapshot.client(address) !== undefined ||
    networkHolding(snapshot, address) !== undefined
  );
}
