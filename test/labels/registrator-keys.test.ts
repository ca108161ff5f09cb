import { describe, expect, it } from 'vitest';
import { readRegistratorKey } from '../../src/labels/registrator-keys.js';

describe('a key of registrator’s', () => {
  it.each([
    ['SERVICE_NAME', { name: 'NAME' }],
    ['SERVICE_80_NAME', { name: 'NAME', port: 80 }],
    ['SERVICE_443_CHECK_HTTPS', { name: 'CHECK_HTTPS', port: 443 }],
    ['SERVICE_region', { name: 'REGION' }],
    ['SERVICE_80', { name: '80' }],
    ['SERVICE_123456_NAME', { name: '123456_NAME' }],
  ])('%s', (text, key) => expect(readRegistratorKey(text)).toEqual(key));

  it.each(['service_name', 'SERVICE_', 'SERVICE', 'MY_SERVICE_NAME', ''])('%j is not one', (text) =>
    expect(readRegistratorKey(text)).toBeUndefined(),
  );
});
