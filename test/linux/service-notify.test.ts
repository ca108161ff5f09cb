import { expect, it } from 'vitest';
import { notifyServiceManager } from '../../src/linux/service-notify.js';
import { openNotifySocket } from '../support/notify-socket.js';

const socket = await openNotifySocket();

it.skipIf(!socket)('a service manager is told in one datagram', async () => {
  if (!socket) return;
  try {
    expect(await notifyServiceManager(['READY=1', 'MAINPID=7'], socket.path)).toBeUndefined();
    expect(socket.told()).toEqual(['READY=1\nMAINPID=7']);
  } finally {
    socket.close();
  }
});

it('that there is not is not told', async () => {
  expect(await notifyServiceManager(['READY=1'], '')).toBeUndefined();
});

it.skipIf(!socket).each(['/nowhere/notify', '@fairlead-nobody'])(
  'that does not listen at %s is a fault',
  async (path) => {
    expect(await notifyServiceManager(['READY=1'], path)).toMatch(/^sendto E(NOENT|CONNREFUSED)/);
  },
);
