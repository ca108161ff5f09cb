import { readFileSync, writeFileSync } from 'node:fs';

const FOLDER = '/proc/sys/net/ipv4/vs';

/** What IPVS needs to be set to (kernel, ipvs-sysctl). It is there once the module is loaded. */
const WANTED: Readonly<Record<string, string>> = {
  // Connections can be masqueraded, and tables of other programs see them as one.
  conntrack: '1',
  // A client that uses a port again gets a task that takes connections, without a delay of a second.
  conn_reuse_mode: '1',
  // A connection to a task that was removed ends at once.
  expire_nodest_conn: '1',
  // Affinity to a task of weight 0 ends.
  expire_quiescent_template: '1',
  // Nothing is dropped on purpose.
  drop_entry: '0',
  drop_packet: '0',
};

/** Seconds for TCP, TCP that was closed, UDP: an idle connection lasts as long as in conntrack, not 15 minutes. */
export const IPVS_TIMEOUTS = ['432000', '120', '300'] as const;

/**
 * Sets what has another value.
 * @returns undoes what was changed here
 * @throws Error with one line, with what to do; nothing is changed then
 */
export function setIpvsSettings(folder = FOLDER): () => void {
  const changed: [path: string, before: string][] = [];
  const undo = (): void => {
    for (const [path, before] of changed.splice(0)) writeFileSync(path, before);
  };
  for (const [name, value] of Object.entries(WANTED)) {
    const path = `${folder}/${name}`;
    try {
      const before = readFileSync(path, 'utf8').trim();
      if (before === value) continue;
      writeFileSync(path, value);
      changed.push([path, before]);
    } catch (error) {
      undo();
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(
        `net.ipv4.vs.${name} cannot be set to ${value} (${code ?? String(error)}); set it yourself`,
        {
          cause: error,
        },
      );
    }
  }
  return undo;
}
