import { startFairlead } from '../targets/fairlead.js';
import { startReference } from '../targets/reference.js';
import type { Target } from '../targets/target.js';
import { askAll, type Said } from './ask-all.js';
import { allQuestions, type Question } from './questions.js';
import { wantedFor } from './wanted.js';

/** One question that two servers answer differently. */
export interface Difference extends Question {
  readonly fairlead: Said;
  readonly named: Said;
  /** Why it is to be so; absent: it is a fault. */
  readonly wanted?: string;
}

export interface Comparison {
  readonly compared: number;
  readonly differences: readonly Difference[];
}

/**
 * Serves the golden zone with Fairlead and with named, and asks both for every name and type.
 * @returns rejects with one line when named is not installed
 */
export async function compareWithNamed(): Promise<Comparison> {
  const questions = allQuestions();
  const [named, fairlead] = [
    await saidBy(await startReference('named'), questions),
    await saidBy(await startFairlead(), questions),
  ];
  const differences = questions.flatMap((question, at) => {
    const pair = { fairlead: fairlead[at] ?? '', named: named[at] ?? '' };
    if (pair.fairlead === pair.named) return [];
    const wanted = wantedFor({ ...question, ...pair });
    return [{ ...question, ...pair, ...(wanted !== undefined && { wanted }) }];
  });
  return { compared: questions.length, differences };
}

async function saidBy(target: Target, questions: readonly Question[]): Promise<readonly Said[]> {
  try {
    return await askAll(questions, target.port('open') ?? 0);
  } finally {
    await target.stop();
  }
}
