import { z } from 'zod';
import * as access from './access-schemas.js';
import { history, historyFigure } from './history-schemas.js';
import { HISTORY_KINDS, HISTORY_RANGES } from '../../net/history-figures.js';
import { TOKEN_NAME } from '../types/access-json.js';
import { hostList } from './host-schemas.js';
import { count, flag, health, text } from './json-values.js';
import { explain, query } from './name-schemas.js';
import * as resources from './resource-schemas.js';
import { adoptionList, status, templateList } from './status-schema.js';
import { watchMessage } from './stream-schemas.js';
import { vipList } from './vip-schemas.js';

/** A value that a client gives, and what it is for. */
export interface GivenSpec {
  readonly schema: z.ZodType;
  readonly says: string;
  readonly isRequired?: true;
}

type Given = Readonly<Record<string, GivenSpec>>;

/** What an answer consists of: one JSON document, one in each line, or text of a media type. */
export type AnswerSpec =
  | { readonly json: z.ZodType }
  | { readonly lines: z.ZodType }
  | { readonly text: string; readonly json?: z.ZodType }
  | { readonly redirect: string }
  | { readonly upgrade: 'websocket' };

export interface RouteSpec {
  /** `GET /v1/tasks/:id`. */
  readonly route: string;
  /** For docs/api.md; without a full stop. */
  readonly says: string;
  /**
   * Who may ask.
   * - `anyone`: also who is not known; the route itself must see to it that nothing is shown or changed
   * - `viewer`: who may read
   * - `operator`: who may change what belongs to services, within the limits of the token
   * - `daemon`: an operator without limits
   * - `socket`: who may open the unix socket
   */
  readonly needs: 'anyone' | 'viewer' | 'operator' | 'daemon' | 'socket';
  /** A change that tasks make all the time, so that the audit trail does not have it. */
  readonly isRoutine?: true;
  readonly query?: Given;
  /** Keys of the JSON body. */
  readonly body?: Given;
  /** Of a good answer; 200 by default. */
  readonly status?: number;
  /** A page for browsers, which takes any parameter. */
  readonly isLenient?: true;
  readonly answer: AnswerSpec;
}

const word = z.string().min(1);
const ENVIRONMENT = { environment: { schema: word, says: 'only this environment' } };
const PLACE = {
  ...ENVIRONMENT,
  stack: { schema: word, says: 'only this stack' },
  service: { schema: word, says: 'only services of this name' },
};
const TASKS = { ...PLACE, health: { schema: health, says: 'only tasks in this state' } };
const OF_SERVICE = {
  sidekick: { schema: word, says: 'this sidekick of it' },
  environment: { schema: word, says: 'its environment; the daemon’s own by default' },
};
const DRAIN = {
  for: { schema: word, says: 'a duration from 1s to 365d, after which the drain ends by itself' },
  note: { schema: z.string().max(200), says: 'for other operators' },
};
const NAME = {
  name: {
    schema: word,
    says: 'the name, as a client would type it, or an address',
    isRequired: true as const,
  },
  type: { schema: word, says: 'the record type; A, or PTR for an address, by default' },
  as: { schema: word, says: 'the client: an address, or a task by id or name' },
};

/** Every route of the API, in the order of docs/api.md. */
export const ROUTES: readonly RouteSpec[] = [
  {
    route: 'GET /v1/status',
    needs: 'viewer',
    says: 'version, uptime, configuration, listeners, counters, sources and the age of their facts, problems',
    answer: { json: status },
  },
  {
    route: 'POST /v1/restart',
    needs: 'daemon',
    says: 'a successor is started and takes over: then `/v1/status` has another `pid`, or `restart` says why there is none',
    body: {},
    status: 202,
    answer: { json: resources.restart },
  },
  {
    route: 'POST /v1/reload',
    needs: 'daemon',
    says: 'the configuration is read again: `config.reload` of `/v1/status` has the outcome, `config.needsRestart` the keys that a reload cannot put in force',
    body: {},
    status: 202,
    answer: { json: resources.reload },
  },
  {
    route: 'GET /v1/services',
    needs: 'viewer',
    says: 'all services by key',
    query: PLACE,
    answer: { json: resources.serviceList },
  },
  {
    route: 'GET /v1/services/:stack/:service',
    needs: 'viewer',
    says: 'one service with its tasks',
    query: OF_SERVICE,
    answer: { json: resources.serviceDetail },
  },
  {
    route: 'GET /v1/tasks',
    needs: 'viewer',
    says: 'all tasks by service and name',
    query: TASKS,
    answer: { json: resources.taskList },
  },
  {
    route: 'GET /v1/tasks/:id',
    needs: 'viewer',
    says: 'one task, by id, by the beginning of an id that only one task has, or by container name',
    answer: { json: resources.task },
  },
  {
    route: 'GET /v1/hosts',
    needs: 'viewer',
    says: 'every host with tasks in the catalog, and this one: address, version, tasks, and how current that is',
    answer: { json: hostList },
  },
  {
    route: 'GET /v1/health',
    needs: 'viewer',
    says: 'the checks of tasks and what they found, by service and name',
    query: { ...TASKS, task: { schema: word, says: 'only this task, by id or name' } },
    answer: { json: resources.healthList },
  },
  {
    route: 'POST /v1/tasks/:id/check',
    needs: 'operator',
    says: 'the task is probed now',
    body: {},
    status: 202,
    answer: { json: resources.taskRef },
  },
  {
    route: 'PUT /v1/tasks/:id/beat',
    needs: 'operator',
    isRoutine: true,
    says: 'a beat for a check of type ttl',
    body: {
      ok: { schema: flag, says: 'whether the task is well; true by default' },
      note: { schema: z.string().max(200), says: 'the task’s explanation' },
    },
    answer: { json: resources.taskRef },
  },
  {
    route: 'GET /v1/vips',
    needs: 'viewer',
    says: 'virtual IPs port by port, the tasks behind them and what they carried',
    query: PLACE,
    answer: { json: vipList },
  },
  {
    route: 'GET /v1/adoption',
    needs: 'viewer',
    says: 'which containers ask Fairlead instead of Docker’s resolver, and why ([adoption.md](adoption.md))',
    query: { stack: PLACE.stack },
    answer: { json: adoptionList },
  },
  {
    route: 'PUT /v1/adoption',
    needs: 'operator',
    says: 'an operator’s choice for running containers',
    body: {
      choice: { schema: z.enum(['adopt', 'release']), says: 'what to do', isRequired: true },
      stack: { schema: word, says: 'the containers of this stack; all by default' },
    },
    answer: { json: adoptionList },
  },
  {
    route: 'GET /v1/templates',
    needs: 'viewer',
    says: 'the files that are rendered from templates: state, last render, command with its output, error; the program that reads them',
    answer: { json: templateList },
  },
  {
    route: 'GET /v1/drains',
    needs: 'viewer',
    says: 'what operators drain',
    answer: { json: resources.drainList },
  },
  {
    route: 'PUT /v1/tasks/:id/drain',
    needs: 'operator',
    says: 'drains a task',
    body: DRAIN,
    answer: { json: resources.drain },
  },
  {
    route: 'DELETE /v1/tasks/:id/drain',
    needs: 'operator',
    says: 'takes that back; the answer is the drain that was',
    answer: { json: resources.drain },
  },
  {
    route: 'PUT /v1/services/:stack/:service/drain',
    needs: 'operator',
    says: 'drains all tasks of a service',
    query: OF_SERVICE,
    body: DRAIN,
    answer: { json: resources.drain },
  },
  {
    route: 'DELETE /v1/services/:stack/:service/drain',
    needs: 'operator',
    says: 'takes that back; the answer is the drain that was',
    query: OF_SERVICE,
    answer: { json: resources.drain },
  },
  {
    route: 'GET /v1/query',
    needs: 'viewer',
    says: 'the answer that a DNS client would get',
    query: NAME,
    answer: { json: query },
  },
  {
    route: 'GET /v1/explain',
    needs: 'viewer',
    says: 'the steps that lead to that answer, and which tasks are in or out and why',
    query: NAME,
    answer: { json: explain },
  },
  {
    route: 'GET /v1/stream',
    needs: 'viewer',
    says: 'a WebSocket: the state and every change, events, figures, queries, templates ([stream.md](stream.md))',
    status: 101,
    answer: { upgrade: 'websocket' },
  },
  {
    route: 'GET /v1/state',
    needs: 'viewer',
    says: 'the state as one snapshot with its cursor, as `/v1/watch` begins; gzip where the client accepts it',
    answer: { lines: watchMessage },
  },
  {
    route: 'GET /v1/watch',
    needs: 'viewer',
    says: 'the state: a snapshot, then every change',
    query: { since: { schema: word, says: 'goes on after the message with this cursor' } },
    answer: { lines: watchMessage },
  },
  {
    route: 'GET /v1/events',
    needs: 'viewer',
    says: 'the newest events',
    query: {
      after: { schema: count, says: 'only those with a greater `seq`' },
      last: { schema: count, says: 'only so many of the newest' },
      follow: { schema: flag, says: 'keep the answer open, and add new ones' },
    },
    answer: { lines: resources.event },
  },
  {
    route: 'GET /v1/problems',
    needs: 'viewer',
    says: 'what sources could not use: refused labels, files that do not parse; and what cannot be served',
    answer: { json: resources.problemList },
  },
  {
    route: 'GET /v1/session',
    needs: 'anyone',
    says: 'what the client may do, and whether it has to log in ([access.md](access.md))',
    answer: { json: access.session },
  },
  {
    route: 'POST /v1/login',
    needs: 'anyone',
    says: 'begins the session of a browser, and sets its cookie',
    body: { token: { schema: word, says: 'a token', isRequired: true } },
    answer: { json: access.session },
  },
  {
    route: 'POST /v1/logout',
    needs: 'viewer',
    says: 'ends the session, and removes its cookie',
    body: {},
    answer: { json: access.session },
  },
  {
    route: 'GET /v1/tokens',
    needs: 'socket',
    says: 'the tokens, without their secrets',
    answer: { json: access.tokenList },
  },
  {
    route: 'POST /v1/tokens',
    needs: 'socket',
    says: 'makes a token; the answer alone has its text',
    body: {
      name: {
        schema: z.string().regex(TOKEN_NAME),
        says: 'for people; letters, digits, `.`, `_`, `-`',
        isRequired: true,
      },
      role: { schema: access.role, says: 'what it is for', isRequired: true },
      environments: { schema: z.array(word).min(1), says: 'only these; all by default' },
      stacks: { schema: z.array(word).min(1), says: 'only these; all by default' },
      for: { schema: word, says: 'a duration from 1s to 365d, after which it ends by itself' },
    },
    status: 201,
    answer: { json: access.newToken },
  },
  {
    route: 'DELETE /v1/tokens/:id',
    needs: 'socket',
    says: 'revokes a token, by id or name; its sessions and streams end',
    answer: { json: access.token },
  },
  {
    route: 'GET /v1/history',
    needs: 'viewer',
    says: 'figures over time: of the daemon, of virtual IPs, or of tasks',
    query: {
      of: { schema: z.enum(HISTORY_KINDS), says: 'what they are of; daemon by default' },
      range: { schema: z.enum(HISTORY_RANGES), says: 'an hour by default' },
      figure: { schema: historyFigure, says: 'only this figure' },
      last: { schema: count, says: 'only so many of the latest steps' },
      ...PLACE,
      task: { schema: word, says: 'only this task, by id or name' },
    },
    answer: { json: history },
  },
  {
    route: 'GET /v1/openapi.json',
    needs: 'viewer',
    says: 'this table and the shapes, as an OpenAPI 3.1 document',
    answer: { json: z.looseObject({ openapi: text }) },
  },
  {
    route: 'GET /ui/plain',
    needs: 'viewer',
    says: 'the whole state on one page for a browser, without scripts',
    query: {
      environment: PLACE.environment,
      stack: PLACE.stack,
      refresh: { schema: count, says: 'load it again every so many seconds' },
    },
    answer: { text: 'text/html' },
  },
  {
    route: 'GET /login',
    needs: 'anyone',
    says: 'the page where browsers log in',
    isLenient: true,
    answer: { text: 'text/html' },
  },
  {
    route: 'POST /login',
    needs: 'anyone',
    says: 'takes the form of that page, and leads to where the browser came from',
    isLenient: true,
    status: 303,
    answer: { redirect: '/' },
  },
  {
    route: 'POST /logout',
    needs: 'anyone',
    says: 'ends the session, for a page without scripts',
    isLenient: true,
    status: 303,
    answer: { redirect: '/login' },
  },
  {
    route: 'GET /ui/plain.css',
    needs: 'anyone',
    says: 'its style',
    isLenient: true,
    answer: { text: 'text/css' },
  },
  {
    route: 'GET /',
    needs: 'viewer',
    says: 'the dashboard ([dashboard.md](dashboard.md))',
    isLenient: true,
    answer: { text: 'text/html' },
  },
  {
    route: 'GET /ui/:file',
    needs: 'anyone',
    says: 'its scripts, style and icon',
    isLenient: true,
    answer: { text: 'text/javascript' },
  },
  {
    route: 'GET /metrics',
    needs: 'viewer',
    says: 'everything that is counted, for Prometheus ([metrics.md](metrics.md))',
    query: { tasks: { schema: flag, says: 'adds what virtual IPs sent to each task' } },
    answer: { text: 'text/plain' },
  },
  {
    route: 'HEAD /metrics',
    needs: 'viewer',
    says: 'the header alone, for probes',
    query: { tasks: { schema: flag, says: 'as for `GET`' } },
    answer: { text: 'text/plain' },
  },
  {
    route: 'GET /healthz',
    needs: 'anyone',
    says: '200 as long as the process lives, whatever Docker or Consul do',
    answer: { text: 'text/plain' },
  },
  {
    route: 'GET /readyz',
    needs: 'anyone',
    says: '200 when every source has reported what it has and every DNS address is bound, else 503',
    query: { verbose: { schema: flag, says: 'the checks, as JSON' } },
    answer: { text: 'text/plain', json: resources.ready },
  },
];
