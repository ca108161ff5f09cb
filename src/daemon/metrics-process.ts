import { readdir, readFile } from 'node:fs/promises';
import type { ProcessFigures, ProcessPort } from '../api/ports.js';

/** The system's figures about this process. Without /proc, descriptors are not counted. */
export const processFigures: ProcessPort = {
  async figures(): Promise<ProcessFigures> {
    const { user, system } = process.cpuUsage();
    const [open, limits] = await Promise.all([
      readdir('/proc/self/fd').catch(() => undefined),
      readFile('/proc/self/limits', 'utf8').catch(() => ''),
    ]);
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return {
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      startedAt: performance.timeOrigin,
      // One of them was open only for this reading.
      ...(open && { openFds: open.length - 1 }),
      ...(soft !== undefined && { maxFds: Number(soft) }),
    };
  },
};
