import type { Demand } from '../catalog/demand.js';
import type { Source } from '../catalog/facts.js';
import type { TaskNode } from '../catalog/model.js';
import type { Config } from '../config/config-model.js';
import { instancesOf, kindOfSource } from '../config/source-instances.js';
import { consulAddress } from '../consul/consul-settings.js';
import { hostAddress } from '../linux/addresses.js';
import type { ContainerExec } from '../sources/docker/container-exec.js';
import type { Log } from '../net/log.js';

/** A kind of source: a key of `sources` in the configuration. */
export type SourceName = keyof Config['sources'];

/** The settings of one source of a kind. */
type SettingsOf<Name extends SourceName> = Exclude<Config['sources'][Name], undefined | readonly unknown[]>;

/** The inputs of every source, of any kind. When one of them changes, the source is created again. */
interface Surroundings {
  /** The source's name: `consul`, `consul:lab`. */
  readonly name: string;
  readonly environment: string;
  /** The address of tasks in the host's network; absent: to be detected. */
  readonly address?: string | undefined;
  /** This host. */
  readonly node: TaskNode;
}

interface Created {
  readonly source: Source;
  /** Present if the kind has the capability `exec`. */
  readonly exec?: ContainerExec;
}

interface Capabilities {
  /** It runs programs in its tasks, for health checks of type exec. */
  readonly exec: boolean;
  /** It sees the tasks of this host itself (docs/design.md, "Identity"), so their health is checked here. */
  readonly firstHand: boolean;
}

interface SourceSpec<Settings> extends Capabilities {
  create(settings: Settings, surroundings: Surroundings, log: Log, demand: Demand): Promise<Created>;
}

/**
 * Every kind of source, in the order of precedence. A file written by an operator wins over tasks that are found, and
 * tasks found on this host win over a registry. A key of `sources` without a row here does not compile.
 */
const sourceTable = {
  file: {
    exec: false,
    firstHand: true,
    create: async ({ path }, { environment }) => {
      const { createFileSource } = await import('../sources/file/file-source.js');
      return { source: createFileSource({ path, environment }) };
    },
  },
  docker: {
    exec: true,
    firstHand: true,
    create: async ({ socket, resync, labels }, { environment, address, node }, log) => {
      // dockerode is a large tree: it is loaded only where there is Docker.
      const { createDockerSource } = await import('../sources/docker/docker-source.js');
      const source = createDockerSource({
        socket,
        environment,
        node,
        resyncMs: resync,
        labels,
        hostAddress: () => address ?? hostAddress(),
        log,
      });
      return { source, exec: source.exec };
    },
  },
  consul: {
    exec: false,
    firstHand: false,
    create: async (settings, { name, environment }, log, demand) => {
      const { createConsulSource } = await import('../sources/consul/consul-source.js');
      const consul = consulAddress(settings, process.env);
      const { services, stack } = settings;
      return { source: createConsulSource({ name, consul, services, stack, environment, demand, log }) };
    },
  },
} satisfies { readonly [Name in SourceName]-?: SourceSpec<SettingsOf<Name>> };

const kinds = Object.keys(sourceTable) as SourceName[];

/** A configured source that has not been created yet. */
export interface WantedSource {
  /** `docker`, `file:lab`. */
  readonly name: string;
  /** Its rank in the order of precedence, that of its kind. */
  readonly rank: number;
  /** The id of the node whose tasks it observes directly. */
  readonly node?: string;
  /** It reports tasks of other hosts, so neither the start nor the names of this host wait for it. */
  readonly isRemote: boolean;
  /** All its inputs; with other inputs it is another source. */
  readonly settings: unknown;
  create(log: Log, demand: Demand): Promise<Created>;
}

/** The configured sources, in the order of precedence. */
export function wantedSources(config: Config, node: TaskNode): readonly WantedSource[] {
  const { environment, host } = config;
  const surroundings = { environment, address: host.address, node };
  return kinds.flatMap((kind, rank) => wantedOf(kind, config.sources[kind], rank, surroundings));
}

function wantedOf<Name extends SourceName>(
  kind: Name,
  given: Config['sources'][Name],
  rank: number,
  surroundings: Omit<Surroundings, 'name'>,
): WantedSource[] {
  // The row of a kind takes the settings of that kind; the types of the table tie them together.
  const spec = sourceTable[kind] as unknown as SourceSpec<object>;
  return instancesOf<object>(kind, given).map(({ source, settings }) => ({
    name: source,
    rank,
    isRemote: !spec.firstHand,
    ...(spec.exec && { node: surroundings.node.id }),
    settings: { settings, surroundings },
    create: (log, demand) => spec.create(settings, { ...surroundings, name: source }, log, demand),
  }));
}

/** The capabilities of a source. A source known only from saved facts of another configuration has none. */
export function capabilitiesOf(source: string): Capabilities {
  const kind = kindOfSource(source);
  return isKind(kind) ? sourceTable[kind] : NO_CAPABILITIES;
}

const NO_CAPABILITIES: Capabilities = { exec: false, firstHand: false };

function isKind(kind: string): kind is SourceName {
  return Object.hasOwn(sourceTable, kind);
}
