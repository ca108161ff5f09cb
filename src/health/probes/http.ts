import { isIP, type Socket } from 'node:net';
import { formatHostPort } from '../../net/ip.js';
import type { HttpCheck } from '../check.js';
import type { BodyMatcher, MatchBody } from './body-match.js';
import { closeSocket } from './close-socket.js';
import { HttpResponse, type HttpProgress } from './http-response.js';
import { openSocket, openTls } from './open-socket.js';
import { failed, outside, passed, type Probe, type ProbeResult, type ProbeTarget } from './probe.js';
import { settleOnce } from './settle.js';

/**
 * Sends one HTTP/1 request and judges the status and, if requested, the body. It follows no redirect, keeps no
 * connection, and reads at most 80 KiB. It ends with a reset once it knows enough.
 * @param matcher one for all probes, because all patterns share one time budget
 */
export function httpProbe(check: HttpCheck, matcher: BodyMatcher): Probe {
  const matches = check.body === undefined ? undefined : matcher.matchOf(check.body);
  return (target, signal) => {
    const refusal = outside(target);
    if (refusal) return Promise.resolve(refusal);
    return settleOnce(signal, (settle) => {
      const response = new HttpResponse(check.body !== undefined);
      const follow = (progress: HttpProgress): void => {
        if (progress.done) settle.done(judge(progress, check, matches));
      };
      settle.when = 'connecting';
      const socket = open(check, target);
      socket.on('error', (error) => settle.fail(error));
      socket.on(check.tls ? 'secureConnect' : 'connect', () => {
        settle.when = 'waiting for the answer';
        socket.write(requestOf(check, target), 'latin1');
      });
      socket.on('data', (piece: Buffer) => {
        settle.when = 'reading the answer';
        follow(response.push(piece));
      });
      socket.on('end', () => follow(response.end()));
      return { close: () => closeSocket(socket) };
    });
  };
}

function open(check: HttpCheck, target: ProbeTarget): Socket {
  if (!check.tls) return openSocket(target);
  const name = check.host?.replace(/:\d+$/, '');
  const sni = name === undefined || isIP(name.replace(/[[\]]/g, '')) !== 0 ? {} : { servername: name };
  return openTls(target, sni);
}

function requestOf(check: HttpCheck, target: ProbeTarget): string {
  const host = check.host ?? formatHostPort(target);
  const headers = Object.entries({
    Host: host,
    Connection: 'close',
    'User-Agent': 'fairlead-health',
    Accept: '*/*',
    ...check.headers,
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${check.method} ${check.path} HTTP/${check.version}\r\n${lines.join('')}\r\n`;
}

const SLOW =
  'has a pattern (http.body) that takes too long on the answer of the task; write one without nested repetitions';

function judge(
  progress: Extract<HttpProgress, { done: true }>,
  check: HttpCheck,
  matches: MatchBody | undefined,
): ProbeResult {
  if ('fault' in progress) return failed(progress.fault);
  const { status, body } = progress;
  if (!check.statuses.some(({ from, to }) => status >= from && status <= to)) return failed(`HTTP ${status}`);
  if (matches === undefined) return passed(`HTTP ${status}`);
  const found = matches(body ?? Buffer.alloc(0));
  if (found === 'match') return passed(`HTTP ${status}, body matches`);
  if (found === 'no match') return failed(`HTTP ${status}, body does not match`);
  return { ...failed(`HTTP ${status}, the body pattern takes too long`), fault: SLOW };
}
