import { readYaml } from '../text/yaml.js';
import type { ConfigError } from './errors.js';
import type { Layer } from './layers.js';

export interface TextSource {
  /** The file as the user named it. */
  readonly file: string;
  /** The directory for relative paths. */
  readonly directory: string;
}

type LayerResult =
  | { readonly ok: true; readonly layer: Layer }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

/** Reads a configuration text. Never throws; reports every syntax error. */
export function readFileLayer(text: string, { file, directory }: TextSource): LayerResult {
  const result = readYaml(text, 'domain: rancher.internal');
  if (!result.ok) return { ok: false, errors: result.faults.map((fault) => ({ file, path: '', ...fault })) };
  return {
    ok: true,
    layer: {
      path: [],
      value: result.value,
      label: file,
      directory,
      locate: (path, part) => ({ file, ...result.locate(path, part) }),
    },
  };
}
