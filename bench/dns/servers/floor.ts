import { tailsFile } from '../reply-tail.js';
import type { ServerSpec } from './spec.js';

/** @param program the compiled floor.c */
export const floor = (program: string): ServerSpec => ({
  key: 'floor',
  title: 'C floor',
  peer: false,
  launch: ({ port, zone, scenario, write }) => ({
    command: program,
    args: ['127.0.0.1', String(port), write('tails', tailsFile(scenario.tails(zone)))],
  }),
  translate: (question, { scenario, zone }) => ({
    ...question,
    expected: scenario.tails(zone).find(({ type }) => type === question.type)?.answers ?? [],
  }),
});
