import { createHash } from 'node:crypto';

export interface ModelOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[];
  readonly mode?: string;
  readonly env?: readonly string[];
  readonly healthcheck?: boolean;
  readonly stopSignal?: string;
  readonly stopTimeout?: number;
  readonly exposed?: readonly string[];
  /** `80/tcp` to host port. */
  readonly published?: Readonly<Record<string, number>>;
}

interface ModelContainer {
  readonly id: string;
  name: string;
  readonly options: ModelOptions;
  phase: 'created' | 'running' | 'paused' | 'exited';
  exitCode: number;
  health: 'starting' | 'healthy' | 'unhealthy' | undefined;
  startedAt: number;
  /** Network to place on it. An exited container goes on showing its last ones, as the real engine does. */
  places: Map<string, { ip: string; endpoint: string }>;
}

export type ModelEvent = Readonly<Record<string, unknown>>;

const hex = (text: string) => createHash('sha256').update(text).digest('hex');

/** What an engine has, and the JSON that it shows at an API version. Addresses are reused at once, lowest first. */
export class EngineModel {
  apiVersion = '1.41';
  engineVersion = '20.10.24';
  readonly containers = new Map<string, ModelContainer>();
  readonly networks = new Map<string, { id: string; subnet: string; ingress?: boolean; driver?: string }>();
  readonly gatewayBridge = new Map<string, string>();
  /** The container whose start is under way: it is connected, and does not run yet. */
  starting: string | undefined;
  onEvent: (event: ModelEvent) => void = () => undefined;
  /** What waits for the end of the start that is under way. */
  readonly #afterStart: (() => void)[] = [];
  readonly #now: () => number;
  #count = 0;
  #stamp = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.networks.set('bridge', { id: hex('bridge'), subnet: '172.17.0' });
    this.networks.set('shop_net', { id: hex('shop_net'), subnet: '10.9.1' });
  }

  networkId(name: string): string {
    return this.networks.get(name)?.id ?? '';
  }

  create(name: string, options: ModelOptions = {}): string {
    const id = hex(`container ${this.#count++} ${name}`);
    this.containers.set(id, {
      ...{
        id,
        name,
        options,
        phase: 'created',
        exitCode: 0,
        health: undefined,
        startedAt: 0,
        places: new Map(),
      },
    });
    this.#say(id, 'create');
    return id;
  }

  start(id: string): void {
    if (this.#isUp(id)) return;
    if (this.starting !== id) this.prepare(id);
    this.starting = undefined;
    const container = this.#get(id);
    container.phase = 'running';
    container.startedAt = this.#tick();
    container.health = container.options.healthcheck === true ? 'starting' : undefined;
    this.#say(id, 'start');
    this.#endStart();
  }

  /** The first half of a start: it is connected to its networks. An inspection is answered when {@link start} ends it. */
  prepare(id: string): void {
    const container = this.#get(id);
    container.places = new Map();
    this.starting = id;
    for (const network of this.#networksOf(container)) this.#join(container, network);
  }

  /** The second half of a start that comes to nothing. */
  fail(id: string): void {
    this.starting = undefined;
    const { places } = this.#get(id);
    for (const network of places.keys()) this.#sayNetwork(network, 'disconnect', id);
    places.clear();
    this.#endStart();
  }

  /** Runs an inspection: at once, unless the container's start is under way, which the real engine lets end first. */
  inspect(id: string, answer: () => void): void {
    if (this.starting === id) this.#afterStart.push(answer);
    else answer();
  }

  run(name: string, options: ModelOptions = {}): string {
    const id = this.create(name, options);
    this.start(id);
    return id;
  }

  kill(id: string, signal = 15): void {
    if (this.#isUp(id)) this.#say(id, 'kill', { signal: String(signal) });
  }

  die(id: string, exitCode = 0): void {
    const container = this.#get(id);
    if (!this.#isUp(id)) return;
    container.phase = 'exited';
    container.exitCode = exitCode;
    container.health = undefined;
    this.#say(id, 'die', { exitCode: String(exitCode) });
    for (const network of container.places.keys()) this.#sayNetwork(network, 'disconnect', id);
  }

  destroy(id: string): void {
    this.die(id, 137);
    const name = this.#get(id).name;
    this.containers.delete(id);
    this.#say(id, 'destroy', { name });
  }

  pause(id: string): void {
    const container = this.#get(id);
    if (container.phase !== 'running') return;
    container.phase = 'paused';
    this.#say(id, 'pause');
  }

  unpause(id: string): void {
    const container = this.#get(id);
    if (container.phase !== 'paused') return;
    container.phase = 'running';
    this.#say(id, 'unpause');
  }

  health(id: string, health: 'healthy' | 'unhealthy'): void {
    const container = this.#get(id);
    if (container.phase !== 'running' || container.health === undefined || container.health === health)
      return;
    container.health = health;
    this.#say(id, `health_status: ${health}`);
  }

  rename(id: string, name: string): void {
    const container = this.#get(id);
    if ([...this.containers.values()].some((other) => other.name === name)) return;
    const oldName = `/${container.name}`;
    container.name = name;
    this.#say(id, 'rename', { oldName });
  }

  connect(id: string, network: string): void {
    const container = this.#get(id);
    if (!this.#isUp(id) || container.places.has(network) || container.options.mode !== undefined) return;
    this.#join(container, network);
  }

  disconnect(id: string, network: string): void {
    if (!this.#isUp(id) || !this.#get(id).places.delete(network)) return;
    this.#sayNetwork(network, 'disconnect', id);
    this.#sayNetwork(network, 'disconnect', id);
  }

  addNetwork(name: string, subnet: string, driver = 'bridge'): void {
    this.networks.set(name, { id: hex(name), subnet, driver });
    this.#sayNetwork(name, 'create');
  }

  listJson(): unknown[] {
    return [...this.containers.values()].map((container) => {
      const { id, name, phase, exitCode, health, options } = container;
      const note = phase === 'paused' ? ' (Paused)' : health === undefined ? '' : ` (${healthNote(health)})`;
      const status = {
        created: 'Created',
        running: `Up 3 minutes${note}`,
        paused: `Up 3 minutes${note}`,
        exited: `Exited (${exitCode}) 2 minutes ago`,
      };
      return {
        ...{ Id: id, Names: [`/${name}`], Image: 'app:1', Labels: options.labels ?? {}, State: phase },
        ...{ Status: status[phase], HostConfig: { NetworkMode: options.mode ?? 'default' } },
        Ports: this.#isUp(id)
          ? this.#ports(container).flatMap(([key, bindings]) => {
              const entry = { PrivatePort: Number.parseInt(key, 10), Type: key.split('/')[1] };
              if (bindings === null) return [entry];
              return bindings.map((one) => ({ ...entry, IP: one.HostIp, PublicPort: Number(one.HostPort) }));
            })
          : [],
        NetworkSettings: { Networks: this.#networksJson(container) },
      };
    });
  }

  inspectJson(id: string): unknown {
    const container = this.containers.get(id);
    if (container === undefined) return undefined;
    const { name, phase, exitCode, health, options, startedAt } = container;
    const up = this.#isUp(id);
    const networks = this.#networksJson(container);
    const first = Object.values(networks)[0];
    return {
      ...{ Id: id, Name: `/${name}` },
      State: {
        ...{
          Status: phase,
          Running: up,
          Paused: phase === 'paused',
          Restarting: false,
          Dead: false,
          ExitCode: exitCode,
        },
        StartedAt:
          startedAt === 0
            ? '0001-01-01T00:00:00Z'
            : `${new Date(startedAt).toISOString().slice(0, -1)}123456Z`,
        ...(health === undefined ? {} : { Health: { Status: health, FailingStreak: 0, Log: [] } }),
      },
      Config: {
        ...{ Image: 'app:1', Labels: options.labels ?? {}, Env: options.env ?? ['PATH=/bin'] },
        ...(options.exposed
          ? { ExposedPorts: Object.fromEntries(options.exposed.map((key) => [key, {}])) }
          : {}),
        ...(options.stopSignal === undefined ? {} : { StopSignal: options.stopSignal }),
        ...(options.stopTimeout === undefined ? {} : { StopTimeout: options.stopTimeout }),
      },
      HostConfig: { NetworkMode: options.mode ?? 'default', PortBindings: {}, Links: null },
      NetworkSettings: {
        // API 1.52 has the addresses in Networks alone.
        ...(this.#minor() < 52 ? { IPAddress: first?.IPAddress ?? '', Gateway: '' } : {}),
        Ports: up ? Object.fromEntries(this.#ports(container)) : {},
        Networks: networks,
      },
    };
  }

  networksJson(): unknown[] {
    const all = [...this.networks].map(([name, { id, subnet, ingress, driver }]) => ({
      ...{ Id: id, Name: name, Driver: ingress === true ? 'overlay' : (driver ?? 'bridge'), Internal: false },
      ...{ Ingress: ingress === true, Options: {}, Labels: {}, Containers: {} },
      IPAM: { Driver: 'default', Config: [{ Subnet: `${subnet}.0/24`, Gateway: `${subnet}.1` }] },
    }));
    return [
      ...all,
      { Id: hex('host'), Name: 'host', Driver: 'host' },
      { Id: hex('none'), Name: 'none', Driver: 'null' },
    ];
  }

  networkJson(id: string): unknown {
    const network = this.networksJson().find((one) => (one as { Id: string }).Id === id);
    if (network === undefined) return undefined;
    const { Name } = network as { Name: string };
    const places = [...this.containers].flatMap(([container, { places: all }]) => {
      const place = this.#isUp(container) || this.starting === container ? all.get(Name) : undefined;
      return place ? [[container, { IPv4Address: `${place.ip}/24`, EndpointID: place.endpoint }]] : [];
    });
    const bridged = [...this.gatewayBridge].map(([container, ip]) => [
      container,
      { IPv4Address: `${ip}/16` },
    ]);
    const entries = Name === 'docker_gwbridge' ? bridged : places;
    return { ...network, Containers: Object.fromEntries(entries) as unknown };
  }

  #endStart(): void {
    for (const answer of this.#afterStart.splice(0)) answer();
  }

  #networksOf({ options }: ModelContainer): readonly string[] {
    return options.mode === undefined ? (options.networks ?? ['bridge']) : [];
  }

  #networksJson(container: ModelContainer) {
    const { mode } = container.options;
    if (mode === 'host' || mode === 'none') {
      return {
        [mode]: {
          NetworkID: hex(mode),
          EndpointID: hex(`${container.id}${container.startedAt}`),
          IPAddress: '',
        },
      };
    }
    const entries = [...container.places].map(([name, { ip, endpoint }]) => [
      name,
      { NetworkID: this.networkId(name), EndpointID: endpoint, IPAddress: ip, GlobalIPv6Address: '' },
    ]);
    return Object.fromEntries(entries) as Record<string, { IPAddress: string }>;
  }

  #ports({ options }: ModelContainer): [string, { HostIp: string; HostPort: string }[] | null][] {
    const exposed = (options.exposed ?? []).map((key): [string, null] => [key, null]);
    const published = Object.entries(options.published ?? {}).map(
      ([key, port]): [string, { HostIp: string; HostPort: string }[]] => [
        key,
        [
          { HostIp: '0.0.0.0', HostPort: String(port) },
          { HostIp: '::', HostPort: String(port) },
        ],
      ],
    );
    return [...new Map<string, { HostIp: string; HostPort: string }[] | null>([...exposed, ...published])];
  }

  #join(container: ModelContainer, network: string): void {
    const { subnet } = this.networks.get(network) ?? { subnet: '10.255.0' };
    const taken = new Set<string>();
    for (const other of this.containers.values()) {
      if (!this.#isUp(other.id) && other.id !== this.starting) continue;
      for (const { ip } of other.places.values()) taken.add(ip);
    }
    let last = 2;
    while (taken.has(`${subnet}.${last}`)) last += 1;
    container.places.set(network, {
      ip: `${subnet}.${last}`,
      endpoint: hex(`endpoint ${this.#tick()} ${this.#count++}`),
    });
    this.#sayNetwork(network, 'connect', container.id);
  }

  #isUp(id: string): boolean {
    const phase = this.containers.get(id)?.phase;
    return phase === 'running' || phase === 'paused';
  }

  #get(id: string): ModelContainer {
    const container = this.containers.get(id);
    if (container === undefined) throw new Error(`no container ${id}`);
    return container;
  }

  #minor(): number {
    return Number(this.apiVersion.split('.')[1]);
  }

  #say(id: string, action: string, attributes: Readonly<Record<string, string>> = {}): void {
    const container = this.containers.get(id);
    const labels = container?.options.labels ?? {};
    const name = container?.name ?? '';
    this.#emit('container', action, id, { ...labels, image: 'app:1', name, ...attributes });
  }

  #sayNetwork(name: string, action: string, container?: string): void {
    const type = this.networks.get(name)?.driver ?? 'bridge';
    const attributes = { name, type, ...(container === undefined ? {} : { container }) };
    this.#emit('network', action, this.networkId(name), attributes);
  }

  #emit(type: string, action: string, id: string, attributes: Readonly<Record<string, string>>): void {
    const stamp = BigInt(this.#tick()) * 1_000_000n + BigInt(this.#stamp++ % 1_000_000);
    const old = this.#minor() < 52 && type === 'container' ? { status: action, id, from: 'app:1' } : {};
    const event = { Type: type, Action: action, Actor: { ID: id, Attributes: attributes }, scope: 'local' };
    this.onEvent({ ...old, ...event, time: Math.floor(this.#now() / 1000), timeNano: `@${stamp}@` });
  }

  /** No two things happen in one millisecond, so that runs can be distinguished. */
  #last = 0;
  #tick(): number {
    this.#last = Math.max(this.#now(), this.#last + 1);
    return this.#last;
  }
}

function healthNote(health: string): string {
  return health === 'starting' ? 'health: starting' : health;
}

/** One line of the stream; nanoseconds keep all their digits, as Go writes them. */
export function eventLine(event: ModelEvent): string {
  return JSON.stringify(event).replace(/"@(\d+)@"/, '$1') + '\n';
}
