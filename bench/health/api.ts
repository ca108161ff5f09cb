import { request } from 'node:http';
import type { StatusJson } from '../../src/api/types/status-json.js';

/** What `/metrics` says, line by line: `name{labels}` to value. */
export type Metrics = ReadonlyMap<string, number>;

/** @param socket the path of the API's unix socket */
export async function scrape(socket: string): Promise<Metrics> {
  return readMetrics(await get(socket, '/metrics'));
}

/** The port that the daemon found for its name server. */
export async function dnsPort(socket: string): Promise<number> {
  const { dns } = JSON.parse(await get(socket, '/v1/status')) as StatusJson;
  return Number(dns.listen[0]?.split(':').at(-1));
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}

function readMetrics(text: string): Metrics {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const blank = line.lastIndexOf(' ');
      return [line.slice(0, blank), Number(line.slice(blank + 1))] as const;
    }),
  );
}

/** How much a counter grew. */
export function grown(before: Metrics, after: Metrics, series: string): number {
  return (after.get(series) ?? 0) - (before.get(series) ?? 0);
}

/** The bound of the bucket that a part of what came between is in: `0.99` for the 99th percentile. */
export function quantileBound(before: Metrics, after: Metrics, name: string, part: number): number {
  const bounds = [...after.keys()].flatMap((series) => {
    const bound = new RegExp(`^${name}_bucket\\{le="([^"]+)"\\}$`).exec(series)?.[1];
    return bound === undefined ? [] : [{ bound, count: grown(before, after, series) }];
  });
  const all = grown(before, after, `${name}_count`);
  const found = bounds.find(({ count }) => count >= part * all)?.bound ?? '+Inf';
  return found === '+Inf' ? Infinity : Number(found);
}
