/**
 * The configuration cannot work on this host. The message is one line with its place, for the user who starts the
 * daemon.
 */
export class ConfigFault extends Error {
  override readonly name = 'ConfigFault';
}
