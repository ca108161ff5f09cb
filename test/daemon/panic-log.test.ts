import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { logPanic } from '../../src/daemon/panic-log.js';
import { recordedLog } from '../support/recorded-log.js';
import { taskFact } from '../support/facts.js';

it('panic is logged once, and once when it is over', () => {
  const log = recordedLog();
  const { lines } = log;
  const catalog = new Catalog();
  catalog.onChange(logPanic(log));
  const sink = catalog.sink('docker');
  const service = { environment: 'default', stack: 'shop', service: 'web' };
  const put = (...healths: ('healthy' | 'unhealthy')[]) =>
    sink.replace({
      tasks: healths.map((health, at) => taskFact(`web_${at}`, { service, health, ip: `10.0.0.${at + 1}` })),
    });
  const told = () => lines.splice(0).map((line) => line.replace(/(, so| \{).*/, ''));
  put('healthy', 'healthy', 'unhealthy');
  expect(told()).toEqual([]);
  put('healthy', 'unhealthy', 'unhealthy');
  expect(told()).toEqual(['most tasks of web.shop, or all that have started, are unhealthy']);
  put('unhealthy', 'unhealthy', 'unhealthy');
  expect(told()).toEqual([]);
  put('healthy', 'healthy', 'unhealthy');
  expect(told()).toEqual(['enough tasks of web.shop are healthy again']);
  put('unhealthy', 'unhealthy', 'unhealthy');
  put();
  put('unhealthy', 'unhealthy', 'unhealthy');
  expect(told()).toHaveLength(2);
});
