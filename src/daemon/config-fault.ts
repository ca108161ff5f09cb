/** The configuration cannot work on this host: one line, with its place, for who starts the daemon. */
export class ConfigFault extends Error {
  override readonly name = 'ConfigFault';
}
