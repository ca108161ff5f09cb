import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { DecisionLog } from '../../src/daemon/decision-log.js';
import { taskFact } from '../support/facts.js';
import { recordedLog } from '../support/recorded-log.js';

const service = { environment: 'default', stack: 'shop', service: 'web' };

function world() {
  const log = recordedLog();
  const catalog = new Catalog();
  const decisions = new DecisionLog(catalog, log);
  const sink = catalog.sink('docker');
  const put = (health: 'healthy' | 'unhealthy', reason?: string) =>
    sink.update({
      tasks: [
        taskFact('web-1', { service, ip: '10.0.0.1' }),
        taskFact('web-2', { service, ip: '10.0.0.2', health, ...(reason !== undefined && { reason }) }),
        taskFact('web-3', { service, ip: '10.0.0.3', weight: 0 }),
      ],
      cause: 'start',
    });
  return { log, decisions, put, sink, told: () => log.lines.splice(0) };
}

it('says which tasks a service gives, why not the others, and what its sources say', () => {
  const { decisions, put, sink, told } = world();
  decisions.use({ level: 'debug', format: 'json' });
  put('healthy');
  expect(told()).toEqual([
    'web.shop gives web-1, web-2, not web-3: weight 0; it has no virtual IP',
    'service.added web.shop: tasks, dnsrr {"source":"docker","cause":"start"}',
    expect.stringMatching(/^task\.added web-1: web\.shop, healthy, 10\.0\.0\.1 /),
    expect.stringMatching(/^task\.added web-2: /),
    expect.stringMatching(/^task\.added web-3: /),
  ]);
  put('unhealthy', 'paused');
  expect(told()).toEqual([
    'web.shop gives web-1, not web-2: unhealthy (paused); web-3: weight 0; it has no virtual IP',
    expect.stringMatching(/^task\.health web-2: healthy -> unhealthy \(paused\) /),
  ]);
  sink.status({ state: 'stale', error: 'the engine is away' });
  expect(told()).toEqual([expect.stringMatching(/^source\.state docker: .*stale: the engine is away/)]);
});

it('follows nothing unless it is asked to, and from a reload on', () => {
  const { decisions, put, told } = world();
  decisions.use({ level: 'info', format: 'json' });
  put('healthy');
  expect(told()).toEqual([]);
  decisions.use({ level: 'debug', format: 'json' });
  put('unhealthy', 'paused');
  expect(told().length).toBeGreaterThan(0);
  decisions.use({ level: 'warn', format: 'json' });
  put('healthy');
  expect(told()).toEqual([]);
});
