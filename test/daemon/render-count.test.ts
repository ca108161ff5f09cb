import { expect, it } from 'vitest';
import { RenderCount } from '../../src/daemon/render-count.js';

it('counts each time that a file was written, and goes on after a reload', () => {
  let written = [{ destination: '/a', renders: 1 }];
  const renders = new RenderCount(() => written);
  expect(renders.count()).toBe(1);
  written = [
    { destination: '/a', renders: 4 },
    { destination: '/b', renders: 2 },
  ];
  expect(renders.count()).toBe(6);
  expect(renders.count()).toBe(6);
  // A reload with other settings begins again.
  written = [{ destination: '/a', renders: 1 }];
  expect(renders.count()).toBe(7);
  written = [];
  expect(renders.count()).toBe(7);
});
