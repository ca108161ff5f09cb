#!/usr/bin/env node
import { runCli } from './cli/cli.js';
import { processIo } from './cli/io.js';

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  io: processIo(),
  startDaemon: async (options) => {
    (await import('./daemon/memory.js')).preferLittleMemory();
    return (await import('./daemon/run.js')).runDaemon(options);
  },
});
