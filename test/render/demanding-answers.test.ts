import { expect, it } from 'vitest';
import { Demand } from '../../src/catalog/demand.js';
import type { ServiceRef } from '../../src/catalog/model.js';
import { DemandingAnswers } from '../../src/render/demanding-answers.js';
import { serviceQuery, type Query } from '../../src/render/queries.js';
import { ref } from '../support/facts.js';

function world(hasSource = true) {
  const demand = new Demand();
  const asked: unknown[] = [];
  let come: () => void = () => undefined;
  let until: Promise<void> | undefined = new Promise<void>((resolve) => {
    come = resolve;
  });
  const ask = (what: ServiceRef | string) => {
    asked.push(what);
    return until;
  };
  if (hasSource) demand.supply({ use: ask, useRegistered: ask, unused: () => undefined });
  let changes = 0;
  const answers = new DemandingAnswers({ answer: () => 'known' }, demand, 'default', () => changes++);
  return {
    ...{ answers, asked, changes: () => changes },
    come: async () => {
      until = undefined;
      come();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

const model = (of: string): Query => ({ kind: 'model', what: 'endpoints', of });

it('has no answer for a service until the sources have looked for it, and then says that there is one', async () => {
  const { answers, asked, changes, come } = world();
  const query = serviceQuery('v1.shop-web|any');
  expect(answers.answer(query)).toBeUndefined();
  expect(answers.answer(query)).toBeUndefined();
  expect([asked, changes()]).toEqual([['shop-web'], 0]);
  await come();
  expect(changes()).toBe(1);
  expect(answers.answer(query)).toBe('known');
});

it.each([
  [model('web.shop'), ref('web.shop')],
  [model('shop/web'), ref('web.shop')],
  [model('web'), 'web'],
  [serviceQuery('web'), 'web'],
])('asks for what %j names', (query, expected) => {
  const { answers, asked } = world();
  answers.answer(query);
  expect(asked).toEqual([expected]);
});

it('asks for nothing where a query names no service, or no source reads what is used', () => {
  const { answers, asked } = world();
  expect(answers.answer({ kind: 'services', datacenter: undefined })).toBe('known');
  expect(answers.answer(model(''))).toBe('known');
  expect(asked).toEqual([]);
  const without = world(false);
  expect(without.answers.answer(serviceQuery('web'))).toBe('known');
});

it('notes again what was named, because no template is run while nothing changes', () => {
  const { answers, asked } = world();
  answers.answer(model('web.shop'));
  answers.answer(serviceQuery('shop-web'));
  asked.length = 0;
  answers.noteUse();
  expect(asked).toEqual([ref('web.shop'), 'shop-web']);
});
