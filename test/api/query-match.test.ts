import { expect, it } from 'vitest';
import { queryMatcher } from '../../src/api/stream/query-match.js';
import type { QueryMatchJson, QuerySeenJson } from '../../src/api/types/queries-json.js';

/** What is left where dns.privacy hides the client and the name. */
const hidden: QuerySeenJson = {
  at: '2026-11-21T00:00:00.000Z',
  transport: 'udp',
  type: 'AAAA',
  rcode: 'NXDOMAIN',
  answers: [],
  by: 'upstream',
  us: 900,
  oneOf: 1,
};
const query: QuerySeenJson = {
  ...hidden,
  client: '10.42.0.11',
  task: 'shop_web_1',
  service: 'logger.web.shop',
  name: 'Printer.local.',
};

it.each<[QueryMatchJson, QueryMatchJson, boolean]>([
  [{}, {}, true],
  [{ client: ['shop_web_1'] }, {}, true],
  [{ client: ['web'] }, {}, true],
  [{ client: ['logger.web.shop'] }, {}, true],
  [{ client: ['10.42.*'] }, {}, true],
  [{ client: ['db', 'shop_*_1'] }, {}, true],
  [{ client: ['we'] }, {}, false],
  [{ client: ['web'], rcode: ['nxdomain'], type: ['aaaa'] }, {}, true],
  [{ client: ['web'], rcode: ['NOERROR'] }, {}, false],
  [{ name: ['printer.local'] }, {}, true],
  [{ name: ['printer.local.'] }, {}, true],
  [{ name: ['*.local'] }, {}, true],
  [{ name: ['*'] }, {}, true],
  [{ name: ['p*n*er*l'] }, {}, true],
  [{ name: ['p*r*r*r*l'] }, {}, false],
  [{ name: ['printer.local*l'] }, {}, false],
  [{}, { name: ['*.local'] }, false],
  [{}, { name: ['*.lan'], by: ['own', 'cache'] }, true],
  [{ type: ['AAAA'] }, { rcode: ['NX*'] }, false],
])('chooses by %o and not by %o: %s', (match, not, expected) => {
  expect(queryMatcher(match, not)(query)).toBe(expected);
});

it('knows nothing of a client or a name that is hidden', () => {
  expect(queryMatcher({ client: ['*'] })(hidden)).toBe(false);
  expect(queryMatcher({}, { name: ['*'] })(hidden)).toBe(true);
});
