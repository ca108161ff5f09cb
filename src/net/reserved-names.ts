/** Names that machines ask for by themselves: whoever has one of them gets their traffic. */
const ASKED_BLINDLY = new Set(['wpad', 'isatap']);

/** What Fairlead and Rancher answer themselves, and single labels that mean something to every resolver or browser. */
const RESERVED = new Set([
  ...['ns', 'hostmaster', 'rancher-metadata'],
  ...['localhost', 'local', 'internal', 'invalid', 'test', 'example', 'onion', 'alt', 'home', 'corp', 'lan'],
  ...['com', 'net', 'org', 'edu', 'gov', 'mil', 'int', 'arpa'],
]);

/** Whether a container may not call itself so, because others rely on what the name means. @param name lower case */
export function isReservedName(name: string): boolean {
  return RESERVED.has(name) || ASKED_BLINDLY.has(name.split('.')[0] ?? '');
}
