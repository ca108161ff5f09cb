import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TlsSource } from '../api/http-face.js';
import type { Config } from '../config/config-model.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import { fileFault } from '../text/file-fault.js';
import { watchFile } from '../text/file-watch.js';

type Paths = NonNullable<Config['api']['tls']>;
type Material = ReturnType<TlsSource['current']>;

/** The certificate and the key of the API, read again when their files change. */
export class TlsFiles implements TlsSource {
  readonly #paths: Paths;
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #watches: readonly { close(): void }[];
  readonly #listeners = new Set<() => void>();
  #material: Material;
  /** Why the files cannot be used now. */
  #fault: string | undefined;

  /** @throws Error with one line: the key of the configuration, the path, why */
  constructor(paths: Paths, log: Pick<Log, 'info' | 'warn'>) {
    this.#paths = paths;
    this.#log = log;
    this.#material = read(paths);
    this.#watches = [paths.certificate, paths.key].map((path) => watchFile(path, () => this.look()));
  }

  current(): Material {
    return this.#material;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the files again. What cannot be used leaves the old certificate in force, and is logged once. */
  look(): void {
    let next: Material;
    try {
      next = read(this.#paths);
    } catch (error) {
      // The certificate is replaced before its key, or the other way round.
      const fault = errorMessage(error);
      if (fault !== this.#fault) this.#log.warn(`${fault}; the API keeps the certificate that it has`);
      this.#fault = fault;
      return;
    }
    this.#fault = undefined;
    if (next.cert === this.#material.cert && next.key === this.#material.key) return;
    this.#material = next;
    for (const listener of this.#listeners) listener();
    this.#log.info('the API has a new certificate', { validTo: new X509Certificate(next.cert).validTo });
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }
}

function read({ certificate, key }: Paths): Material {
  const material = { cert: text('api.tls.certificate', certificate), key: text('api.tls.key', key) };
  const parsed = parsedAs('api.tls.certificate', certificate, () => new X509Certificate(material.cert));
  const secret = parsedAs('api.tls.key', key, () => createPrivateKey(material.key));
  if (parsed.checkPrivateKey(secret)) return material;
  throw new Error(`api.tls.key: ${key}: is not the key of the certificate in ${certificate}`);
}

function text(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${setting}: ${path}: ${fileFault(error)}`, { cause: error });
  }
}

function parsedAs<T>(setting: string, path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const detail = `${setting}: ${path}: holds no PEM that can be read (${errorMessage(error)})`;
    throw new Error(detail, { cause: error });
  }
}
