import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { Demand } from '../../src/catalog/demand.js';
import { serviceKey } from '../../src/catalog/model.js';
import { noteLocalUse, noteLocalUseAgain } from '../../src/daemon/local-demand.js';
import { ref, taskFact } from '../support/facts.js';

it('this host uses the services of its own tasks, their links, and the targets of aliases, and not those of others', () => {
  const demand = new Demand();
  const catalog = new Catalog();
  catalog.onChange(noteLocalUse(demand));
  catalog
    .sink('consul', undefined, { isRemote: true })
    .replace({ tasks: [taskFact('far', { service: ref('api.till') })] });
  catalog.sink('docker').replace({
    tasks: [
      taskFact('web', {
        service: ref('web.shop'),
        links: { db: 'pg', cache: 'Redis.Data', lab: 'lab/till/api', odd: 'a.b.c' },
      }),
      taskFact('lone'),
    ],
  });
  catalog.sink('file').replace({
    tasks: [],
    services: [
      { ...ref('front.shop'), kind: 'alias', aliasOf: [ref('web.blog')] },
      { ...ref('api.shop'), kind: 'tasks', links: { mail: 'smtp' } },
    ],
  });
  const local = [
    ...['default/shop/web', 'default/shop/pg', 'default/data/redis', 'lab/till/api'],
    ...['default/blog/web', 'default/shop/smtp'],
  ].sort();
  expect([...demand.used.services].map(serviceKey).sort()).toEqual(local);
  // The same as a whole, later.
  const again = new Demand();
  noteLocalUseAgain(again, catalog.snapshot);
  expect([...again.used.services].map(serviceKey).sort()).toEqual(local);
});
