/** Names that machines look up automatically. A host with such a name would receive their traffic. */
const ASKED_BLINDLY = new Set(['wpad', 'isatap']);

/**
 * Names that Fairlead and Rancher answer themselves, and single labels with a meaning for every resolver or browser.
 */
const RESERVED = new Set([
  ...['ns', 'hostmaster', 'rancher-metadata'],
  ...['localhost', 'local', 'internal', 'invalid', 'test', 'example', 'onion', 'alt', 'home', 'corp', 'lan'],
  ...['com', 'net', 'org', 'edu', 'gov', 'mil', 'int', 'arpa'],
]);

/** Whether containers may not use this name because others rely on its meaning. @param name lower case */
export function isReservedName(name: string): boolean {
  return RESERVED.has(name) || ASKED_BLINDLY.has(name.split('.')[0] ?? '');
}
