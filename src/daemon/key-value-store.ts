import type { KeyValues } from '../catalog/key-values.js';
import type { Config } from '../config/config-model.js';
import { instancesOf } from '../config/source-instances.js';
import { consulAddress, type ConsulSettings } from '../consul/consul-settings.js';

/** The store that templates read. */
export interface KeyValueStore {
  /** @param datacenter another one than the store's own; a directory has none */
  of(datacenter: string | undefined): KeyValues;
  close(): void;
}

/**
 * The directory of `render.keys`, else the KV store of the first Consul agent that the configuration names.
 * @returns undefined when there is neither
 */
export async function keyValueStore({
  render,
  sources,
  publishers,
}: Config): Promise<KeyValueStore | undefined> {
  if (render.keys !== undefined) {
    const { FileKeyValues } = await import('../key-values/file-key-values.js');
    const files = new FileKeyValues(render.keys);
    return { of: () => files, close: () => files.close() };
  }
  const [settings] = [
    ...instancesOf('consul', sources.consul).map((each): ConsulSettings => each.settings),
    ...instancesOf('consul', publishers.consul).map((each): ConsulSettings => each.settings),
  ];
  if (settings === undefined) return undefined;
  const { ConsulKeyValues } = await import('../key-values/consul-key-values.js');
  const stores = new Map<string | undefined, InstanceType<typeof ConsulKeyValues>>();
  return {
    of: (datacenter = settings.datacenter) => {
      const known = stores.get(datacenter);
      if (known !== undefined) return known;
      const store = new ConsulKeyValues(consulAddress({ ...settings, datacenter }, process.env));
      stores.set(datacenter, store);
      return store;
    },
    close: () => {
      for (const store of stores.values()) store.close();
    },
  };
}
