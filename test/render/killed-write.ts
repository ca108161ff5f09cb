import { prepareFile } from '../../src/render/write-file.js';

/** Writes a file and is killed at a step: `killed-write.ts DESTINATION STEP`. */
const [destination = '', step = ''] = process.argv.slice(2);
const prepared = await prepareFile(destination, Buffer.from('new\n'.repeat(10_000)), {
  createDirectories: true,
  backup: false,
  onStep: (each) => {
    if (each === step) process.kill(process.pid, 'SIGKILL');
  },
});
await prepared.commit();
