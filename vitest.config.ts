import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose tests only calculate: no sockets, threads, files, timers or system calls, so nothing that Node's version changes. */
const calculating =
  'test/{catalog,conformance,config,docs,fuzz,labels,net,rancher,template,text,tools,wire}/**';

/** In ms. It ends tests that hang. It says nothing about speed, so a busy machine gets as long as it needs. */
const patience = process.env['THOROUGH'] === '1' ? 1_200_000 : 300_000;

/** The e2e files that take longest. One that begins last would run alone in the end. */
const longest = [
  'adoption',
  'ipvs',
  'vips',
  'faults',
  'first-instant',
  'vips-crossing',
  'vips-isolation',
  'cluster',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.indexOf(basename(moduleId, '.test.ts'));
      return moduleId.includes('/e2e/') && at >= 0 ? at : longest.length;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/e2e/**',
            'node_modules/**',
            ...(process.env['NODE_DEPENDENT'] === '1' ? [calculating] : []),
          ],
          // Loading modules again for each of 170 files takes longer than the tests do.
          isolate: false,
          setupFiles: ['test/support/clean-slate.ts'],
          // Half of the tests wait for sockets: Vitest's own choice leaves one of two cores idle.
          maxWorkers: Math.max(2, availableParallelism()),
          testTimeout: patience,
          hookTimeout: patience,
          expect: { poll: { timeout: 240_000, interval: 10 } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Files have engines and namespaces of their own, and mostly wait: two at a time. Those that run one after the other in a
          // process share an engine.
          maxWorkers: 2,
          isolate: false,
          pool: 'forks',
          globalSetup: ['test/e2e/support/run-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
