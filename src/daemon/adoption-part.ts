import { Adopter, type AdopterSettings } from '../adoption/adopter.js';
import { createReachProbe } from '../adoption/reach-probe.js';
import type { Catalog } from '../catalog/catalog.js';
import { instancesOf } from '../config/source-instances.js';
import type { HostPort } from '../net/ip.js';
import type { Log } from '../net/log.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';

/** Adoption of containers; without a Docker source there are none. */
export class AdoptionPart implements Part {
  readonly name = 'adoption';
  readonly adopter: Adopter;
  readonly #listeners: () => readonly HostPort[];

  /** @param listeners what is bound */
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
}

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
