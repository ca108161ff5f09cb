import { readInspection, type Container } from '../../../src/sources/docker/container.js';

export const id = 'c'.repeat(64);
export const startedAt = '2026-01-02T03:04:05.123456789Z';
export const run = {
  Status: 'running',
  Running: true,
  Paused: false,
  Restarting: false,
  Dead: false,
  ExitCode: 0,
  StartedAt: startedAt,
};
export const onBridge = {
  bridge: { NetworkID: 'n1', EndpointID: 'e1', IPAddress: '172.17.0.2', GlobalIPv6Address: '' },
};

/** The parts of an answer that matter, over a running container on the default bridge. */
function inspection(
  parts: {
    state?: object;
    config?: object;
    host?: object;
    settings?: object;
    name?: string;
    top?: object;
  } = {},
): unknown {
  return {
    ...{ Id: id, Name: parts.name ?? '/shop_web_1' },
    State: { ...run, ...parts.state },
    Config: { Image: 'nginx:1.27', Labels: { 'com.example': 'x' }, Env: ['SECRET=1'], ...parts.config },
    HostConfig: { NetworkMode: 'default', ...parts.host },
    NetworkSettings: { Ports: {}, Networks: onBridge, ...parts.settings },
    ...parts.top,
  };
}

export function container(parts: Parameters<typeof inspection>[0] = {}): Container {
  const read = readInspection(inspection(parts));
  if (read === undefined) throw new Error('the fixture cannot be read');
  return read;
}
