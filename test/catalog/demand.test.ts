import { describe, expect, it } from 'vitest';
import { Demand, type Supplier } from '../../src/catalog/demand.js';
import { ref } from '../support/facts.js';

/** A source that lets everyone wait until it is told that it has looked. */
function supplier() {
  const asked: unknown[] = [];
  const unused: unknown[] = [];
  let come: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    come = resolve;
  });
  const itself: Supplier = {
    use: (service, likelihood) => {
      asked.push([service.service, likelihood]);
      return until;
    },
    useRegistered: (name) => {
      asked.push(name);
      return undefined;
    },
    unused: ({ services, registered }) => unused.push([...services], [...registered]),
  };
  return { asked, unused, itself, come: () => come() };
}

describe('the services in use', () => {
  it('are remembered although no source reads them, the newest last', () => {
    const demand = new Demand();
    expect(demand.matters).toBe(false);
    expect(demand.use(ref('web.shop'))).toBeUndefined();
    void demand.use(ref('db.shop'));
    void demand.use(ref('web.shop'));
    void demand.useRegistered('shop-web');
    expect([...demand.used.services]).toEqual([ref('db.shop'), ref('web.shop')]);
    expect([...demand.used.registered]).toEqual(['shop-web']);
  });

  it('are told to every source that reads them, and all of them are waited for', async () => {
    const demand = new Demand();
    const [one, other] = [supplier(), supplier()];
    const end = demand.supply(one.itself);
    demand.supply(other.itself);
    expect(demand.matters).toBe(true);
    let isOver = false;
    const waiting = demand.use(ref('web.shop'), 'unlikely')?.then(() => (isOver = true));
    one.come();
    await Promise.resolve();
    expect(isOver).toBe(false);
    other.come();
    await waiting;
    expect([one.asked, other.asked]).toEqual([[['web', 'unlikely']], [['web', 'unlikely']]]);
    end();
    expect(demand.useRegistered('web')).toBeUndefined();
    expect([one.asked.length, other.asked.length]).toEqual([1, 2]);
  });

  it('are limited, because clients can invent names', () => {
    const demand = new Demand();
    for (let at = 0; at < 6000; at++) {
      void demand.use(ref(`s${at}.shop`));
      void demand.useRegistered(`s${at}`);
    }
    const services = [...demand.used.services];
    expect([services.length, services.at(-1)?.service]).toEqual([5000, 's5999']);
    expect([...demand.used.registered]).toHaveLength(5000);
  });

  it('are forgotten when they have not been used for long, and the sources are told', () => {
    let now = 0;
    const demand = new Demand(() => now);
    const { itself, unused } = supplier();
    demand.supply(itself);
    void demand.use(ref('web.shop'));
    void demand.use(ref('db.shop'));
    void demand.useRegistered('shop-web');
    now = 1000;
    demand.forget(1000);
    expect(unused).toEqual([]);
    void demand.use(ref('db.shop'));
    now = 1001;
    demand.forget(1000);
    expect(unused).toEqual([[ref('web.shop')], ['shop-web']]);
    expect([...demand.used.services]).toEqual([ref('db.shop')]);
    expect([...demand.used.registered]).toEqual([]);
  });
});
