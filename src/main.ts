#!/usr/bin/env node
// All else is loaded by import(): SIGHUP may come while the daemon is still being loaded, and must not end it.
let hasHungUp = false;
if (process.argv.includes('run')) {
  process.on('SIGHUP', () => {
    hasHungUp = true;
  });
}

const [{ runCli }, { processIo }] = await Promise.all([import('./cli/cli.js'), import('./cli/io.js')]);

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  io: processIo(),
  startDaemon: async (options) => {
    const [{ runDaemon }, { Signals }] = await Promise.all([
      import('./daemon/run-daemon.js'),
      import('./daemon/end-signals.js'),
    ]);
    return runDaemon(options, new Signals(hasHungUp));
  },
});
