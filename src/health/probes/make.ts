import type { HealthCheck } from '../check.js';
import { BodyMatcher } from './body-match.js';
import { dnsProbe } from './dns.js';
import { execProbe, type ExecPort } from './exec.js';
import { grpcProbe } from './grpc.js';
import { httpProbe } from './http.js';
import { failed, type Probe } from './probe.js';
import { probeTcp } from './tcp.js';
import type { TtlBoard } from './ttl.js';
import { udpProbe } from './udp.js';

/** The inputs of probes besides sockets. */
export interface ProbePorts {
  readonly ttl: TtlBoard;
  /** Absent if there is no engine to run programs. */
  readonly exec?: ExecPort;
}

/** Creates the probe of a check. Docker's own HEALTHCHECK has none, because its result comes with the task's facts. */
export function probeMaker(ports: ProbePorts): (check: HealthCheck) => Probe | undefined {
  const noEngine: Probe = () =>
    Promise.resolve({ ...failed('no Docker engine is configured to run it'), local: true });
  const matcher = new BodyMatcher();
  return (check) => {
    switch (check.kind) {
      case 'tcp':
        return probeTcp;
      case 'http':
        return httpProbe(check, matcher);
      case 'grpc':
        return grpcProbe(check);
      case 'dns':
        return dnsProbe(check);
      case 'udp':
        return udpProbe(check);
      case 'exec':
        return ports.exec ? execProbe(check, ports.exec) : noEngine;
      case 'ttl':
        return ports.ttl.probe(check.interval);
      case 'docker':
        return undefined;
    }
  };
}
