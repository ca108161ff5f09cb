import type { StatusJson } from '../../api/types/status-json.js';
import type { SourcePorts } from '../../linux/source-ports.js';
import type { VipRules } from '../../linux/vip-rules.js';
import type { HostRange } from '../../net/vip-pool.js';
import type { InputChain } from './firewall-rules.js';

/** The facts that the doctor examines: collected once, then judged by pure checks. */
export interface HostFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `process.platform`. */
  readonly platform: string;
  /** `process.versions.node`. */
  readonly node: string;
  /** Numbers of the effective capabilities (linux/capability.h); absent off Linux. */
  readonly capabilities?: readonly number[];
  readonly config: ConfigFacts;
  readonly daemon: DaemonFacts;
  /** One for each address in `dns.listen`. */
  readonly listeners: readonly ListenerFacts[];
  readonly docker: DockerFacts;
  /** What containers can reach, tried from inside one container of each network; absent: not tried. */
  readonly inside?: readonly InsideFacts[];
  /** Absent: not examined. */
  readonly firewall?: FirewallFacts;
  /** Nameservers of /etc/resolv.conf, canonical where they are addresses; absent when it cannot be read. */
  readonly nameservers?: readonly string[];
  readonly daemonJson: DaemonJsonFacts;
  readonly sysctls: SysctlFacts;
  readonly vips: VipFacts;
}

export interface ConfigFacts {
  /** Absent: no file, defaults. */
  readonly path?: string;
  /** In the form that `config validate` prints. */
  readonly errors: readonly string[];
}

export type DaemonFacts =
  | { readonly state: 'up'; readonly address: string; readonly status: StatusJson }
  | { readonly state: 'down'; readonly address: string; readonly message: string }
  | { readonly state: 'denied'; readonly address: string };

/** Whether a socket can be bound there. */
export type PortState = 'free' | 'taken' | 'denied' | 'no-address' | 'unknown';

export interface ListenerFacts {
  readonly ip: string;
  readonly port: number;
  /** Whether the address is on an interface of this host. */
  readonly present: boolean;
  readonly linkLocal: boolean;
  readonly udp: PortState;
  readonly tcp: PortState;
  /** Whether something there answers DNS. */
  readonly answers: boolean;
}

export type DockerFacts =
  /** Not configured, or the configuration is wrong. */
  | { readonly state: 'off' }
  | {
      readonly state: 'absent' | 'no-socket' | 'denied' | 'silent';
      readonly path: string;
      readonly message?: string;
    }
  | {
      readonly state: 'up';
      readonly path: string;
      readonly engine: string;
      readonly api: string;
      /** `iptables`, `nftables`, ... */
      readonly firewall: string;
      /** A container of each bridge, from which to check. */
      readonly vantages?: readonly Vantage[];
      /** The running containers that were examined. */
      readonly containers: readonly ContainerDns[];
      /** The subnets of its networks. */
      readonly subnets: readonly HostRange[];
    };

/** The servers that a container asks. */
export interface ContainerDns {
  readonly name: string;
  /** The servers behind its resolv.conf, canonical; absent when they cannot be found out. */
  readonly servers?: readonly string[];
  /** `ndots` of its resolv.conf, when it is set. */
  readonly ndots?: number;
  /** Whether the servers are in its own settings (`--dns`), and not the engine's. */
  readonly isOwnChoice?: true;
}

/** A container from which to check: one for each network. */
export interface Vantage {
  /** The container's name. */
  readonly container: string;
  /** The id of its process on the host. */
  readonly pid: number;
  readonly network: string;
  /** The host's interface of that network: `docker0`, `br-0123456789ab`. */
  readonly bridge: string;
  /** The container's address, if the host has a route to it. */
  readonly ip?: string;
}

/** What a container can reach, tried from inside it. */
export interface InsideFacts {
  readonly container: string;
  readonly network: string;
  /** The host's interface of that network. */
  readonly bridge: string;
  /** Why it could not be tried. */
  readonly fault?: string;
  /** For each DNS listener: `ok`, or why a query got no answer. */
  readonly dns?: readonly { readonly address: string; readonly result: string }[];
  /** The same for a connection to a virtual IP; absent when there is none. */
  readonly vip?: { readonly address: string; readonly result: string };
  /** The same for the container's replies to this host; absent if the host has no route to it. */
  readonly replies?: string;
}

/** The host's own firewall. */
export interface FirewallFacts {
  /** What may drop packets to this host; absent if it cannot be read. */
  readonly chains?: readonly InputChain[];
  /** Whether packets of this host to itself arrive. */
  readonly loopback: boolean;
}

/** Docker's own configuration, /etc/docker/daemon.json. */
export type DaemonJsonFacts =
  | { readonly state: 'absent' }
  | { readonly state: 'unreadable'; readonly message: string }
  | { readonly state: 'read'; readonly dns: readonly string[]; readonly ndots?: number };

export interface SysctlFacts {
  /** net.ipv4.ip_unprivileged_port_start. */
  readonly unprivilegedPortStart?: number;
  /** net.ipv4.conf.all.rp_filter. */
  readonly rpFilter?: number;
  /** For connections from this host to tasks. */
  readonly ports?: SourcePorts;
}

/** What virtual IPs need from the kernel. */
export type VipFacts =
  /** `vip` is false, or the configuration is wrong. */
  | { readonly state: 'off' }
  | {
      readonly state: 'wanted';
      /** The CIDR of the running daemon, else the configured one. */
      readonly pool: string;
      /** Whether a user has set it. If so, a daemon that cannot use it does not start. */
      readonly isChosen: boolean;
      /** Whether it is local without a route of ours. */
      readonly isLoopback: boolean;
      /** What overlaps it, each as "what; what to do". */
      readonly conflicts: readonly string[];
      /** Whether the route that makes it local is there; a text says why that cannot be found out. */
      readonly route: boolean | string;
      readonly rules: VipRules;
      /** Why the kernel would refuse the rules, as far as this user can find out. */
      readonly rulesFault?: string;
      /** For IPv6: why its addresses cannot be listened on, as "what; what to do". */
      readonly bindFault?: string;
      /** `ip:port` of virtual IPs for which the daemon carries TCP. */
      readonly carried: readonly string[];
    };

export type Verdict = 'OK' | 'WARN' | 'FAIL';

/** One line of the report. */
export interface Finding {
  /** Stable name of the check. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly message: string;
  /** What to do; absent only if all is well. */
  readonly remedy?: string;
  /** Shell commands that belong to the remedy, in order. */
  readonly commands?: readonly string[];
}

export const ok = (check: string, message: string): Finding => ({ check, verdict: 'OK', message });

export const warn = (check: string, message: string, remedy: string): Finding => ({
  check,
  verdict: 'WARN',
  message,
  remedy,
});

export const fail = (check: string, message: string, remedy: string): Finding => ({
  check,
  verdict: 'FAIL',
  message,
  remedy,
});
