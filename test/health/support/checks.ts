import { defaultTiming, type CheckTiming, type HttpCheck, type TcpCheck } from '../../../src/health/check.js';

const common = { ...defaultTiming, strategy: 'recreate', passive: false, from: 'test' } as const;

export const tcp = (port = 80, over: Partial<CheckTiming> & { passive?: boolean } = {}): TcpCheck => ({
  kind: 'tcp',
  ...common,
  port,
  ...over,
});

export const http = (port = 80, over: Partial<HttpCheck> = {}): HttpCheck => ({
  kind: 'http',
  ...common,
  port,
  tls: false,
  method: 'GET',
  path: '/',
  version: '1.1',
  headers: {},
  statuses: [{ from: 200, to: 399 }],
  ...over,
});

export const commonOf = common;
