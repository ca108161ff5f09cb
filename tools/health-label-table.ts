import type { Field } from '../src/health/definitions/build.js';

/** One row of the label table in docs/health.md. */
export interface HealthLabelRow {
  readonly value: string;
  /** What holds without it. */
  readonly otherwise: string;
  readonly meaning: string;
}

/** The labels `fairlead.health.*`. A test holds docs/health.md against this table. */
export const healthLabels = {
  type: {
    value: 'tcp, http, https, grpc, dns, udp, exec, ttl, docker, none',
    otherwise: 'follows from the others',
    meaning: 'how to check; `none`: no check, whatever others say',
  },
  port: {
    value: '1 to 65535',
    otherwise: 'the lowest TCP port; 53 for dns; udp needs one',
    meaning: 'the port in the container',
  },
  interval: {
    value: 'duration',
    otherwise: '2s',
    meaning: 'from probe to probe; for ttl: how long a beat counts',
  },
  timeout: { value: 'duration', otherwise: '2s', meaning: 'a probe without an answer has failed after this' },
  rise: { value: '1 to 100', otherwise: '2', meaning: 'successes in a row that make it healthy' },
  fall: { value: '1 to 100', otherwise: '3', meaning: 'failures in a row that make it unhealthy' },
  initializing_timeout: {
    value: 'duration',
    otherwise: '60s',
    meaning: 'a new task that is not healthy by then is unhealthy',
  },
  reinitializing_timeout: { value: 'duration', otherwise: '60s', meaning: 'the same after a restart' },
  request_line: {
    value: 'as in rancher-compose.yml',
    otherwise: 'none',
    meaning: 'method, path and version in one: `GET /healthz "HTTP/1.0"`',
  },
  'http.method': { value: 'method', otherwise: 'GET', meaning: 'what is asked' },
  'http.path': { value: 'path', otherwise: '/', meaning: 'with its query, as it is to be sent' },
  'http.version': { value: '1.0, 1.1', otherwise: '1.1', meaning: 'the version of HTTP' },
  'http.host': {
    value: 'name',
    otherwise: 'address and port',
    meaning: 'the Host header; for https the SNI, too',
  },
  'http.headers': { value: 'Name: value; Name: value', otherwise: 'none', meaning: 'further headers' },
  'http.status': { value: '200-399, 401', otherwise: '200-399', meaning: 'statuses that pass' },
  'http.body': {
    value: 'regular expression',
    otherwise: 'any body',
    meaning: 'the first 64 KiB of the body must match it',
  },
  'grpc.service': { value: 'name', otherwise: 'the whole server', meaning: 'the service to ask for' },
  'grpc.tls': { value: 'true, false', otherwise: 'false', meaning: 'over TLS' },
  'dns.name': { value: 'name', otherwise: 'the root', meaning: 'what to ask' },
  'dns.type': { value: 'record type', otherwise: 'A; NS for the root', meaning: 'of which type' },
  'udp.send': { value: 'text, \\n \\xHH', otherwise: 'an empty datagram', meaning: 'what to send' },
  'udp.expect': {
    value: 'text, \\n \\xHH',
    otherwise: 'anything but port unreachable',
    meaning: 'what the answer has to contain',
  },
  exec: {
    value: 'shell line or ["word", "word"]',
    otherwise: 'none',
    meaning: 'run in the container; status 0 passes',
  },
  passive: {
    value: 'true, false',
    otherwise: 'false',
    meaning:
      'connections that fail for clients of the VIP count toward `fall`; the last failure is always a probe’s',
  },
  strategy: {
    value: 'none, recreate, recreateOnQuorum',
    otherwise: 'recreate',
    meaning: 'kept from Rancher and shown; Fairlead recreates nothing',
  },
  quorum: { value: '1 to 100', otherwise: 'none', meaning: 'likewise' },
} as const satisfies Record<Field, HealthLabelRow>;
