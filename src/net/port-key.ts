/** A port and its protocol as Docker writes them: `80/tcp`. A bare number means TCP. */
export interface PortKey {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
}

/** @returns undefined when the text is not a port from 1 to 65535 with a protocol that Docker supports */
export function readPortKey(text: string): PortKey | undefined {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text);
  const port = Number(match?.[1]);
  if (match === null || port < 1 || port > 65535) return undefined;
  return { port, protocol: (match[2] ?? 'tcp') as PortKey['protocol'] };
}
