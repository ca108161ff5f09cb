import type { Facts, TaskFact } from '../../src/catalog/facts.js';
import { Random } from '../../test/fuzz/random.js';

export const DOMAIN = 'rancher.internal';
/** Who asks; known to the catalog as a client of {@link CLIENT_STACK}, so that short names work. */
export const CLIENT = '127.0.0.1';
const CLIENT_STACK = 's0';
const STACKS = 50;
const MAX_TASKS = 7;
/** Addresses that one task may have, one after another. */
const VARIANTS = 8;

/** `pair` is `service.stack`, `single` the service's bare name. */
export const QUESTION_KINDS = ['service', 'pair', 'single', 'ports', 'task', 'reverse'] as const;

export interface SoakQuestion {
  readonly kind: (typeof QUESTION_KINDS)[number];
  readonly service: number;
  /** Which of the service's tasks, and which of its addresses; for `task` and `reverse`. */
  readonly task: number;
  readonly variant: number;
}

interface SoakTask {
  readonly index: number;
  readonly ip: string;
  readonly isHealthy: boolean;
}

/** The tasks of a service in one generation: a pure function, so that every process knows it. */
function tasksOf(service: number, generation: number): readonly SoakTask[] {
  const random = new Random(service + 1, generation);
  const count = random.below(MAX_TASKS + 1);
  return Array.from({ length: count }, (_, index) => ({
    index,
    ip: address(service, index, random.below(VARIANTS)),
    isHealthy: !random.oneIn(5),
  }));
}

/** No two tasks ever have the same. @param service 0..1023 */
function address(service: number, task: number, variant: number): string {
  const number = (service << 6) | (task << 3) | variant;
  return `10.77.${number >> 8}.${number & 255}`;
}

const stackOf = (service: number) => `s${service % STACKS}`;
const taskName = (service: number, task: number) => `svc${service}-${task}`;

/** Every second service exists by itself; the others are gone while they have no task. */
const isDefined = (service: number) => service % 2 === 0;

export function taskFacts(service: number, generation: number): TaskFact[] {
  const ref = { environment: 'default', stack: stackOf(service), service: `svc${service}` };
  return tasksOf(service, generation).map(({ index, ip, isHealthy }) => {
    const name = taskName(service, index);
    return {
      id: name,
      name,
      names: [name],
      environment: 'default',
      stack: ref.stack,
      service: ref,
      health: isHealthy ? 'healthy' : 'draining',
      endpoints: [{ network: 'soak', ip }],
      ports: [{ port: 80, protocol: 'tcp', name: 'http', target: 80 }],
      labels: {},
      links: {},
      weight: 1,
      expose: false,
    };
  });
}

export function initialFacts(services: number): Facts {
  const numbers = Array.from({ length: services }, (_, service) => service);
  return {
    tasks: numbers.flatMap((service) => taskFacts(service, 0)),
    services: numbers.filter(isDefined).map((service) => ({
      environment: 'default',
      stack: stackOf(service),
      service: `svc${service}`,
      kind: 'tasks',
    })),
    networks: [
      {
        id: 'soak',
        name: 'soak',
        driver: 'bridge',
        internal: false,
        subnets: ['10.77.0.0/16'],
        gateways: ['10.77.255.254'],
      },
    ],
    clients: [{ address: CLIENT, environment: 'default', stack: CLIENT_STACK, links: {} }],
  };
}

export function randomQuestion(random: Random, services: number): SoakQuestion {
  const kind = random.pick(QUESTION_KINDS);
  const any = random.below(services);
  // A bare name is understood in its own stack only.
  const service = kind === 'single' ? any - (any % STACKS) : any;
  return { kind, service, task: random.below(MAX_TASKS), variant: random.below(VARIANTS) };
}

export function questionOf({ kind, service, task, variant }: SoakQuestion): {
  name: string;
  type: 'A' | 'SRV' | 'PTR';
} {
  const pair = `svc${service}.${stackOf(service)}`;
  switch (kind) {
    case 'service':
      return { name: `${pair}.${DOMAIN}`, type: 'A' };
    case 'pair':
      return { name: pair, type: 'A' };
    case 'single':
      return { name: `svc${service}`, type: 'A' };
    case 'ports':
      return { name: `_http._tcp.${pair}.${DOMAIN}`, type: 'SRV' };
    case 'task':
      return { name: `${taskName(service, task)}.${DOMAIN}`, type: 'A' };
    case 'reverse':
      return {
        name: `${address(service, task, variant).split('.').reverse().join('.')}.in-addr.arpa`,
        type: 'PTR',
      };
  }
}

/** An answer as a text: the rcode, then what the answer says, sorted. */
export function answerText(rcode: string, data: readonly string[]): string {
  return [rcode, ...[...data].sort()].join(' ');
}

const NXDOMAIN = answerText('NXDOMAIN', []);
const NODATA = answerText('NOERROR', []);

/** What the question's answer is while its service is in this generation. */
export function expectedAnswer({ kind, service, task, variant }: SoakQuestion, generation: number): string {
  const tasks = tasksOf(service, generation);
  const healthy = tasks.filter(({ isHealthy }) => isHealthy);
  switch (kind) {
    case 'service':
    case 'pair':
    case 'single':
      if (tasks.length === 0 && !isDefined(service)) return kind === 'pair' ? 'REFUSED' : NXDOMAIN;
      return answerText(
        'NOERROR',
        healthy.map(({ ip }) => ip),
      );
    case 'ports': {
      if (tasks.length === 0) return NXDOMAIN;
      return answerText(
        'NOERROR',
        healthy.flatMap(({ index, ip }) => [`${taskName(service, index)}.${DOMAIN}:80`, ip]),
      );
    }
    case 'task': {
      const asked = tasks.find(({ index }) => index === task);
      if (!asked) return NXDOMAIN;
      return asked.isHealthy ? answerText('NOERROR', [asked.ip]) : NODATA;
    }
    case 'reverse': {
      const asked = tasks.find(({ ip }) => ip === address(service, task, variant));
      return asked ? answerText('NOERROR', [`${taskName(service, asked.index)}.${DOMAIN}`]) : NXDOMAIN;
    }
  }
}
