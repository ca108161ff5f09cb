import { statSync } from 'node:fs';
import { request } from 'node:http';
import type { DockerFacts } from './host-facts.js';

const PATIENCE_MS = 3000;
const MAX_BYTES = 4 << 20;

/** Asks the engine who it is (`GET /version`, `GET /info`). Never rejects. */
export async function probeDocker(path: string): Promise<DockerFacts> {
  try {
    if (!statSync(path).isSocket()) return { state: 'no-socket', path };
    const version = await getObject(path, '/version');
    const info = await getObject(path, '/info');
    return {
      state: 'up',
      path,
      engine: textOf(version['Version']),
      api: textOf(version['ApiVersion']),
      firewall: firewallOf(info['FirewallBackend']),
    };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { state: 'absent', path };
    if (code === 'EACCES' || code === 'EPERM') return { state: 'denied', path };
    return { state: 'silent', path, message: error instanceof Error ? error.message : String(error) };
  }
}

/** `FirewallBackend.Driver`, since API 1.49; before that there was iptables alone. */
function firewallOf(backend: unknown): string {
  if (typeof backend === 'object' && backend !== null && 'Driver' in backend) return textOf(backend.Driver);
  return typeof backend === 'string' ? backend : 'iptables';
}

function textOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value.slice(0, 80) : 'unknown';
}

function getObject(socketPath: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, path, agent: false, timeout: PATIENCE_MS, headers: { host: 'docker' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_BYTES) outgoing.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 200)
            reject(new Error(`${path} answers HTTP ${response.statusCode ?? 0}`));
          else resolve(asObject(text));
        });
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** @returns an empty object for what is no JSON object: every field is then unknown */
function asObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
