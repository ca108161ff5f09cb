import { Adopter, type AdopterSettings } from '../adoption/adopter.js';
import type { AdoptionState } from '../adoption/adoption-state.js';
import { createReachProbe } from '../adoption/reach-probe.js';
import type { AdoptionPort } from '../api/ports.js';
import type { AdoptionJson, AdoptionStatusJson } from '../api/types/adoption.js';
import type { Catalog } from '../catalog/catalog.js';
import { instancesOf } from '../config/source-instances.js';
import type { HostPort } from '../net/ip.js';
import type { Log } from '../net/log.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';

/** Adoption of containers; it does nothing without a Docker source. */
export class AdoptionPart implements Part {
  readonly name = 'adoption';
  readonly adopter: Adopter;
  readonly #listeners: () => readonly HostPort[];

  /** @param listeners the bound addresses */
  constructor(catalog: Catalog, listeners: () => readonly HostPort[], loaded: LoadedConfig, log: Log) {
    this.#listeners = listeners;
    let { domain } = loaded.config;
    this.adopter = new Adopter(
      { catalog, probe: createReachProbe(() => domain), log },
      settingsOf(loaded, []),
    );
    this.#useDomain = (next) => {
      domain = next;
    };
  }

  readonly #useDomain: (domain: string) => void;

  start(loaded: LoadedConfig): void {
    this.adopter.use(settingsOf(loaded, this.#listeners()));
    this.adopter.start();
  }

  reload(loaded: LoadedConfig): void {
    this.#useDomain(loaded.config.domain);
    this.adopter.use(settingsOf(loaded, this.#listeners()));
  }

  stop(): void {
    this.adopter.stop();
  }

  /** The API's view of it. */
  readonly port: AdoptionPort = {
    containers: () => this.adopter.states().map(adoptionJson),
    status: () => statusOf(this.adopter.states()),
    choose: (choice, stack) => this.adopter.choose(choice, stack).map(adoptionJson),
  };
}

function adoptionJson({ task, adopted, code, why, server }: AdoptionState): AdoptionJson {
  return {
    ...{ id: task.id, name: task.name, stack: task.stack, adopted, why },
    ...(code !== undefined && { code }),
    ...(server !== undefined && { server }),
  };
}

/** The obstacles to the adoption of selected containers that an operator can remove. */
const CURABLE: ReadonlySet<string> = new Set(['unreachable', 'unwritable', 'contested', 'pending']);

function statusOf(states: readonly AdoptionState[]): AdoptionStatusJson {
  const left: Record<string, number> = {};
  const problems = new Set<string>();
  for (const { adopted, code, why } of states) {
    if (adopted || code === undefined) continue;
    left[code] = (left[code] ?? 0) + 1;
    if (CURABLE.has(code) && problems.size < MOST_PROBLEMS) problems.add(why);
  }
  const adopted = states.filter((state) => state.adopted).length;
  return { adopted, left, problems: [...problems] };
}

/** More are not listed in the status. */
const MOST_PROBLEMS = 3;

function settingsOf({ config }: LoadedConfig, listeners: readonly HostPort[]): AdopterSettings {
  const engines = instancesOf('docker', config.sources.docker).map(
    ({ source, settings: { adopt, releaseOnStop } }) => [source, { mode: adopt, releaseOnStop }] as const,
  );
  return {
    engines: new Map(engines),
    domain: config.domain,
    listeners,
    state: config.state,
  };
}
