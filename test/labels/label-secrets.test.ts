import { expect, it } from 'vitest';
import { hideLabelSecrets, hideSecretsOf } from '../../src/labels/label-secrets.js';

it.each([
  [
    'fairlead.health.http.headers',
    'Accept: text/html; Authorization: Basic cm9vdDpwdw==',
    'Accept: ***; Authorization: ***',
  ],
  ['fairlead.health.http.headers', 'Basic cm9vdDpwdw==', '***'],
  [
    'fairlead.health.request_line',
    String.raw`GET / HTTP/1.1\r\nX-Key:\ abc\r\nHost:\ a`,
    'GET / HTTP/1.1 ***',
  ],
  ['fairlead.health.request_line', 'GET /healthz "HTTP/1.0"', 'GET /healthz "HTTP/1.0"'],
  ['SERVICE_DB_PASSWORD', 'abc', '***'],
  ['com.example.api-key', 'abc', '***'],
  ['SERVICE_CHECK_HTTP', '/health?token=abc', '/health?token=***'],
  ['SERVICE_TAGS', 'urlprefix-http://me:abc@a/', 'urlprefix-http://***@a/'],
  ['fairlead.links', 'db=pg.other', 'db=pg.other'],
])('%s=%s is shown as %s', (label, text, shown) => {
  expect(hideSecretsOf(label, text)).toBe(shown);
  const labels = { [label]: text };
  expect(hideLabelSecrets(labels)).toEqual({ [label]: shown });
  expect(hideLabelSecrets(labels)).toBe(hideLabelSecrets(labels));
});
