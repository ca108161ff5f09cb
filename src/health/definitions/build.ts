import {
  defaultTiming,
  duration,
  type CheckTiming,
  type HealthCheck,
  type HttpCheck,
  type RecoveryStrategy,
} from '../check.js';
import { quoted } from '../../text/printable.js';
import { hideSecretsOf } from '../../labels/label-secrets.js';
import { readRequestLine } from './request-line.js';
import {
  readBoolean,
  readCommand,
  readCount,
  readDnsName,
  readDnsType,
  readDuration,
  readGrpcService,
  readHeaders,
  readHost,
  readMethod,
  readOctets,
  readOneOf,
  readPath,
  readPattern,
  readPort,
  readStatuses,
  readStrategy,
  readVersion,
  type Reader,
} from './check-values.js';

/** All settings of a check, under the names of the `fairlead.health.*` labels. */
export const fields = [
  'type',
  'port',
  'interval',
  'timeout',
  'rise',
  'fall',
  'initializing_timeout',
  'reinitializing_timeout',
  'request_line',
  'http.method',
  'http.path',
  'http.version',
  'http.host',
  'http.headers',
  'http.status',
  'http.body',
  'grpc.service',
  'grpc.tls',
  'dns.name',
  'dns.type',
  'udp.send',
  'udp.expect',
  'exec',
  'passive',
  'strategy',
  'quorum',
] as const;
export type Field = (typeof fields)[number];

/** A field as written. */
export interface Written {
  readonly text: string;
  /** Its name in the source text: `fairlead.health.port`, `response_timeout`. */
  readonly key: string;
}

/** A mistake to fix. */
export interface Note {
  /** The key as written; '' for the check as a whole. */
  readonly key: string;
  /** One line that follows the key and says what is wrong and what to do. */
  readonly message: string;
  /** Whether it prevents the check from running. */
  readonly fatal: boolean;
  /** The value used instead of one that could not be read. */
  readonly holds?: string;
}

export interface Definition {
  /** Absent if there is no definition, or it cannot run. */
  readonly check?: HealthCheck;
  /** The task has no check, regardless of other definitions. */
  readonly off?: true;
  readonly notes: readonly Note[];
}

export interface BuildContext {
  readonly from: string;
  readonly timing?: Partial<CheckTiming>;
  /** Whether times without a unit are in milliseconds, as in rancher-compose.yml. */
  readonly bareTimes?: boolean;
  /** Used if no port is given; the lowest TCP port of the task. */
  readonly port?: number | undefined;
}

const types = ['tcp', 'http', 'https', 'grpc', 'dns', 'udp', 'exec', 'ttl', 'docker', 'none'] as const;
type WrittenType = (typeof types)[number];

const times: readonly Field[] = ['interval', 'timeout', 'initializing_timeout', 'reinitializing_timeout'];

/** Builds a check from the given fields, with defaults for the rest. Never throws. */
export function buildCheck(written: ReadonlyMap<Field, Written>, context: BuildContext): Definition {
  return new Builder(written, context).build();
}

class Builder {
  readonly #written: ReadonlyMap<Field, Written>;
  readonly #context: BuildContext;
  readonly #notes: Note[] = [];
  readonly #used = new Set<Field>();

  constructor(written: ReadonlyMap<Field, Written>, context: BuildContext) {
    this.#written = written;
    this.#context = context;
  }

  build(): Definition {
    const type = this.#type();
    if (type === 'none') return { off: true, notes: this.#notes };
    if (type === undefined) this.#readCommon();
    const check = type === undefined ? undefined : this.#check(type);
    if (type !== undefined) this.#tellUnused(type);
    const runs = check !== undefined && !this.#notes.some((note) => note.fatal);
    return { ...(runs && { check }), notes: this.#notes };
  }

  #type(): WrittenType | undefined {
    if (this.#written.has('type')) return this.#read('type', readOneOf(types), undefined, true);
    const says = (prefix: string): boolean => [...this.#written.keys()].some((key) => key.startsWith(prefix));
    if (says('http.') || says('request_line')) return 'http';
    for (const type of ['grpc', 'dns', 'udp'] as const) if (says(`${type}.`)) return type;
    if (says('exec')) return 'exec';
    if (says('port')) return 'tcp';
    this.#note('', `does not say what to check; write a type (${types.join(', ')}) or a port`, true);
    return undefined;
  }

  /** The common fields are still read, so that their mistakes are reported together with that of the type. */
  #readCommon(): void {
    if (this.#written.has('port')) this.#port();
    this.#common();
  }

  /** Otherwise fields for other types would be ignored silently. */
  #tellUnused(type: WrittenType): void {
    for (const [field, { key }] of this.#written) {
      if (!this.#used.has(field))
        this.#note(key, `has no effect on a check of type ${type}; remove it, or write another type`, false);
    }
  }

  #check(type: Exclude<WrittenType, 'none'>): HealthCheck | undefined {
    const common = this.#common();
    switch (type) {
      case 'docker': {
        const key = this.#written.get('passive')?.key;
        if (common.passive && key !== undefined)
          this.#note(
            key,
            'has no effect, because only Docker probes; remove it, or write another type',
            false,
          );
        return { kind: 'docker', ...common };
      }
      case 'ttl':
        return { kind: 'ttl', ...common };
      case 'exec': {
        if (!this.#written.has('exec')) this.#note('', 'has no command to execute; write one', true);
        return { kind: 'exec', ...common, argv: this.#read('exec', readCommand, [], true) };
      }
      case 'tcp':
        return { kind: 'tcp', ...common, port: this.#port() };
      case 'http':
      case 'https':
        return { ...common, ...this.#http(type === 'https'), port: this.#port() };
      case 'grpc': {
        const tls = this.#read('grpc.tls', readBoolean, false);
        const service = this.#read('grpc.service', readGrpcService, '', true);
        return { kind: 'grpc', ...common, port: this.#port(), tls, service };
      }
      case 'dns': {
        const name = this.#read('dns.name', readDnsName, '.', true);
        const query = this.#read('dns.type', readDnsType, name === '.' ? 'NS' : 'A', true);
        return { kind: 'dns', ...common, port: this.#port(53), name, type: query };
      }
      case 'udp': {
        const send = this.#read('udp.send', readOctets, '', true);
        const expect = this.#read('udp.expect', readOctets, '', true);
        const port = this.#port('none');
        return { kind: 'udp', ...common, port, send, ...(this.#written.has('udp.expect') && { expect }) };
      }
    }
  }

  #common(): CheckTiming & {
    strategy: RecoveryStrategy;
    quorum?: number;
    passive: boolean;
    from: string;
  } {
    const otherwise = { ...defaultTiming, ...this.#context.timing };
    const { bareTimes = false } = this.#context;
    const time = readDuration(100, bareTimes);
    const quorum = this.#read('quorum', readCount, undefined);
    return {
      interval: this.#read('interval', time, otherwise.interval),
      timeout: this.#read('timeout', readDuration(10, bareTimes), otherwise.timeout),
      rise: this.#read('rise', readCount, otherwise.rise),
      fall: this.#read('fall', readCount, otherwise.fall),
      initializingTimeout: this.#read('initializing_timeout', time, otherwise.initializingTimeout),
      reinitializingTimeout: this.#read('reinitializing_timeout', time, otherwise.reinitializingTimeout),
      strategy: this.#read('strategy', readStrategy, 'recreate'),
      ...(quorum !== undefined && { quorum }),
      passive: this.#read('passive', readBoolean, false),
      from: this.#context.from,
    };
  }

  #http(tls: boolean): Omit<HttpCheck, 'port' | 'from' | 'strategy' | 'passive' | keyof CheckTiming> {
    const line = this.#written.has('request_line')
      ? this.#read('request_line', readRequestLine, undefined, true)
      : undefined;
    const host = this.#read('http.host', readHost, line?.host, true);
    const body = this.#read('http.body', readPattern, undefined, true);
    return {
      kind: 'http',
      tls,
      method: this.#read('http.method', readMethod, line?.method ?? 'GET', true),
      path: this.#read('http.path', readPath, line?.path ?? '/', true),
      version: this.#read('http.version', readVersion, line?.version ?? '1.1', true),
      ...(host !== undefined && { host }),
      headers: { ...line?.headers, ...this.#read('http.headers', readHeaders, {}, true) },
      statuses: this.#read('http.status', readStatuses, [{ from: 200, to: 399 }], true),
      ...(body !== undefined && { body }),
    };
  }

  /** @param otherwise the default port of the protocol; 'none' if the lowest TCP port of the task would be wrong */
  #port(otherwise?: number | 'none'): number {
    const fallback = otherwise === 'none' ? undefined : (otherwise ?? this.#context.port);
    if (this.#written.has('port')) return this.#read('port', readPort, 0, true);
    if (fallback !== undefined) return fallback;
    this.#note('', 'has no port to check; write one', true);
    return 0;
  }

  #read<T>(field: Field, reader: Reader<T>, otherwise: T, fatal?: boolean): T;
  #read<T>(field: Field, reader: Reader<T>, otherwise: undefined, fatal?: boolean): T | undefined;
  #read<T>(field: Field, reader: Reader<T>, otherwise: T | undefined, fatal = false): T | undefined {
    const written = this.#written.get(field);
    this.#used.add(field);
    if (written === undefined) return otherwise;
    const reading = reader(written.text.trim());
    if (reading.ok) return reading.value;
    const holds = times.includes(field) ? duration(Number(otherwise)) : String(otherwise ?? 'none');
    this.#note(written.key, `${quoted(hideSecretsOf(field, written.text))} ${reading.fault}`, fatal, holds);
    return otherwise;
  }

  #note(key: string, message: string, fatal: boolean, holds?: string): void {
    this.#notes.push({ key, message, fatal, ...(!fatal && holds !== undefined && { holds }) });
  }
}
