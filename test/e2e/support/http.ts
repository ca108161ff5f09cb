import { request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** GET over a unix socket. Rejects when nobody answers within two seconds. */
export const getOverSocket = (socketPath: string, path: string): Promise<HttpAnswer> =>
  requestOverSocket(socketPath, 'GET', path, 2_000);

/** A request without a body over a unix socket. Rejects when nobody answers within `timeout` milliseconds. */
export async function requestOverSocket(
  socketPath: string,
  method: string,
  path: string,
  timeout: number,
): Promise<HttpAnswer> {
  return await new Promise((resolve, reject) => {
    const headers = { host: 'localhost' };
    const req = request({ socketPath, method, path, timeout, headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    req.on('timeout', () => req.destroy(new Error(`${method} ${path}: no answer within ${timeout} ms`)));
    req.on('error', reject);
    req.end();
  });
}
