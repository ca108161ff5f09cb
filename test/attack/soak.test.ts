import dnsPacket from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slope } from '../../bench/support/least-squares.js';
import { readAnswer } from '../../bench/support/soak-answer.js';
import { SoakHistory } from '../../bench/support/soak-history.js';
import {
  expectedAnswer,
  initialFacts,
  QUESTION_KINDS,
  questionOf,
  taskFacts,
  type SoakQuestion,
} from '../../bench/support/soak-model.js';
import { startDaemon, type Daemon } from './daemon.js';

const SERVICES = 60;

describe("the soak's model", () => {
  let daemon: Daemon;

  beforeAll(async () => {
    daemon = await startDaemon({ facts: initialFacts(SERVICES) });
  });
  afterAll(() => daemon.stop());

  const ask = async (question: SoakQuestion) => {
    const packet = dnsPacket.encode({
      type: 'query',
      flags: dnsPacket.RECURSION_DESIRED,
      questions: [questionOf(question)],
    });
    const client = { address: '127.0.0.1', port: 5353, transport: 'tcp' } as const;
    const reply = await daemon.responder.respond(packet, client);
    return readAnswer(reply ?? Buffer.alloc(12));
  };

  it.each(QUESTION_KINDS)(
    'expects the zone’s answers to %s questions, before a change and after it',
    async (kind) => {
      const own = (service: number) => (kind === 'single' ? 50 * (service % 2) : service);
      const questions = Array.from({ length: SERVICES }, (_, at) => ({
        kind,
        service: own(at),
        task: at % 7,
        variant: at % 8,
      }));
      const generation = QUESTION_KINDS.indexOf(kind);
      for (const now of [generation, generation + 1]) {
        for (const service of new Set(questions.map((question) => question.service))) {
          const removedTasks = Array.from({ length: 8 }, (_, task) => `svc${service}-${task}`);
          daemon.sink.update({ removedTasks });
          daemon.sink.update({ tasks: taskFacts(service, now) });
        }
        for (const question of questions) {
          expect({ question, answer: await ask(question) }).toEqual({
            question,
            answer: expectedAnswer(question, now),
          });
        }
      }
    },
  );
});

describe("the soak's judge", () => {
  const question = { kind: 'service', service: 4, task: 0, variant: 0 } as const;
  const [first, second, third] = [0, 1, 2].map((generation) => expectedAnswer(question, generation));
  const history = new SoakHistory(10);
  history.changed(4, 100, 110);
  history.changed(4, 200, 210);
  const right = (sent: number, received: number, answer = '') =>
    history.isRight({ question, sent, received, answer });

  it('accepts an answer that was correct at some time during the query', () => {
    expect(new Set([first, second, third]).size).toBe(3);
    expect([right(10, 20, first), right(105, 106, first), right(105, 106, second)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([right(50, 250, second), right(150, 160, second), right(300, 310, third)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('rejects an answer that came too early or too late, or was never correct', () => {
    expect([right(10, 20, second), right(111, 120, first), right(211, 212, second)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(right(10, 300, 'NOERROR 192.0.2.1')).toBe(false);
  });

  it('can name the correct answers', () => {
    expect(history.expected({ question, sent: 105, received: 106, answer: '' })).toEqual([first, second]);
  });
});

describe('the slope of points', () => {
  it.each([
    [[], 0],
    [[[1, 5]], 0],
    [
      [
        [0, 1],
        [1, 3],
        [2, 5],
      ],
      2,
    ],
    [
      [
        [0, 4],
        [10, 4],
        [20, 4],
      ],
      0,
    ],
  ] as const)('%j is %d', (points, expected) => {
    expect(slope(points)).toBeCloseTo(expected);
  });
});
