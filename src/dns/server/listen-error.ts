import { formatHostPort, type HostPort } from '../../net/ip.js';

/** Why Fairlead cannot listen at an address, in one line, with what to do. */
export function listenError({ ip, port }: HostPort, protocol: 'udp' | 'tcp', error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const place = `${formatHostPort({ ip, port })}/${protocol}`;
  return new Error(`cannot serve DNS on ${place}: ${reason(code, ip, port, protocol) ?? String(error)}`, {
    cause: error,
  });
}

function reason(code: unknown, ip: string, port: number, protocol: 'udp' | 'tcp'): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return (
        `the port is in use; find the program with "ss -l${protocol.charAt(0)}np sport = :${port}" and stop it, ` +
        `or choose another address in dns.listen`
      );
    case 'EACCES':
    case 'EPERM':
      return (
        `this process has no right to use ports below 1024; run it as root, give it CAP_NET_BIND_SERVICE, ` +
        `or choose a port of 1024 or above in dns.listen`
      );
    case 'EADDRNOTAVAIL':
      return (
        `no interface of this host has the address; add it with "ip address add ${ip} dev lo", ` +
        `or choose another address in dns.listen`
      );
    case 'EAFNOSUPPORT':
      return `this host has no IPv6; choose an IPv4 address in dns.listen`;
    default:
      return undefined;
  }
}
