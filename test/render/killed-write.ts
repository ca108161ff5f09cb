import { prepareFile } from '../../src/render/write-file.js';

/**
 * Writes a file and is killed at a step: `killed-write.ts DESTINATION STEP [rollBack|settle]`. With a third word the
 * write is ended so, and the process is killed behind it.
 */
const [destination = '', step = '', end] = process.argv.slice(2);
const kill = () => process.kill(process.pid, 'SIGKILL');
const prepared = await prepareFile(destination, Buffer.from('new\n'.repeat(10_000)), {
  createDirectories: true,
  backup: false,
  onStep: (each) => {
    if (each === step) kill();
  },
});
const committed = await prepared.commit();
if (end === 'rollBack') await committed.rollBack();
if (end === 'settle') await committed.settle();
kill();
