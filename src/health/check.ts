/**
 * The check of a task. Times are milliseconds. The defaults are those of Rancher 1.6 (docs v1.6 cattle/health-checks;
 * cattle InstanceHealthCheck.java).
 */

import { withoutSecrets } from '../text/text-secrets.js';

/** How a checked task is probed; see docs/health.md. */
export type HealthCheckKind = 'tcp' | 'http' | 'grpc' | 'dns' | 'udp' | 'exec' | 'ttl' | 'docker';

/** What Rancher did with an unhealthy container. Fairlead only shows it and never recreates anything. */
export type RecoveryStrategy = 'none' | 'recreate' | 'recreateOnQuorum';

export interface CheckTiming {
  /** From the start of one probe to the start of the next; for `ttl`, how long a report is valid. */
  readonly interval: number;
  /** Rancher's `response_timeout`: a probe without an answer has failed after this. */
  readonly timeout: number;
  /** Rancher's `healthy_threshold`: successes in a row that make a task healthy. */
  readonly rise: number;
  /** Rancher's `unhealthy_threshold`: failures in a row that make a healthy task unhealthy. */
  readonly fall: number;
  /** Longest time in `initializing`; the task is unhealthy after it. */
  readonly initializingTimeout: number;
  /** The same for `reinitializing`, the state of a healthy task after its restart. */
  readonly reinitializingTimeout: number;
}

export const defaultTiming: CheckTiming = {
  interval: 2000,
  timeout: 2000,
  rise: 2,
  fall: 3,
  initializingTimeout: 60_000,
  reinitializingTimeout: 60_000,
};

interface Common extends CheckTiming {
  readonly strategy: RecoveryStrategy;
  /** Rancher's `recreate_on_quorum_strategy_config.quorum`; shown only. */
  readonly quorum?: number;
  /** Whether failed connections of real clients also count toward `fall`. */
  readonly passive: boolean;
  /** Where it was defined, for people: `label fairlead.health.port`, `rancher-compose.yml:7:5`. */
  readonly from: string;
}

/** Inclusive. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export interface TcpCheck extends Common {
  readonly kind: 'tcp';
  readonly port: number;
}

export interface HttpCheck extends Common {
  readonly kind: 'http';
  readonly port: number;
  /** Certificates are not verified, because the check asks whether the task answers, not for its identity. */
  readonly tls: boolean;
  readonly method: string;
  /** The request target as sent. */
  readonly path: string;
  readonly version: '1.0' | '1.1';
  /** The Host header; absent: the address and port. */
  readonly host?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly statuses: readonly StatusRange[];
  /** A regular expression (ECMAScript, `u` flag) that must match a part of the body. */
  readonly body?: string;
}

/** grpc.health.v1 (github.com/grpc/grpc, doc/health-checking.md). */
export interface GrpcCheck extends Common {
  readonly kind: 'grpc';
  readonly port: number;
  readonly tls: boolean;
  /** '' asks for the server as a whole. */
  readonly service: string;
}

export interface DnsCheck extends Common {
  readonly kind: 'dns';
  readonly port: number;
  /** The question over UDP; any answer with NOERROR passes. */
  readonly name: string;
  readonly type: DnsCheckType;
}

export const dnsCheckTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
export type DnsCheckType = (typeof dnsCheckTypes)[number];

export interface UdpCheck extends Common {
  readonly kind: 'udp';
  readonly port: number;
  /** One character per byte; '' sends an empty datagram. */
  readonly send: string;
  /** Bytes that the answer must contain; absent: everything passes except "port unreachable", even silence. */
  readonly expect?: string;
}

export interface ExecCheck extends Common {
  readonly kind: 'exec';
  /** Runs in the container; exit status 0 passes. */
  readonly argv: readonly string[];
}

export interface TtlCheck extends Common {
  readonly kind: 'ttl';
}

/** The container's own HEALTHCHECK: Docker probes, Fairlead shows. */
export interface DockerCheck extends Common {
  readonly kind: 'docker';
}

export type HealthCheck =
  TcpCheck | HttpCheck | GrpcCheck | DnsCheck | UdpCheck | ExecCheck | TtlCheck | DockerCheck;

/** The checks that connect to a port of the task. */
export type NetworkCheck = Extract<HealthCheck, { readonly port: number }>;

/** `http 10.42.0.7:80/healthz`: what a check does to a task, in the words of events and tables, without secrets. */
export function describeCheck(check: HealthCheck, address?: string): string {
  switch (check.kind) {
    case 'tcp':
    case 'udp':
      return `${check.kind} ${at(check, address)}`;
    case 'http':
      return `${check.tls ? 'https' : 'http'} ${at(check, address)}${withoutSecrets(check.path)}`;
    case 'grpc':
      return `grpc ${at(check, address)}${check.service === '' ? '' : `/${check.service}`}`;
    case 'dns':
      return `dns ${at(check, address)} ${check.name} ${check.type}`;
    case 'exec':
      return withoutSecrets(`exec ${check.argv.join(' ')}`).slice(0, 80);
    case 'ttl':
      return `ttl ${duration(check.interval)}`;
    case 'docker':
      return 'docker HEALTHCHECK';
  }
}

function at({ port }: NetworkCheck, address: string | undefined): string {
  if (address === undefined) return `:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `2 s`, `1.5 s`, `250 ms`, `1 h`. */
export function duration(ms: number): string {
  if (ms >= 3_600_000) return `${Math.round(ms / 360_000) / 10} h`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
