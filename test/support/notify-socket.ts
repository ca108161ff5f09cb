import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadLibc } from '../../src/linux/libc.js';

const [AF_UNIX, SOCK_DGRAM, DONT_WAIT] = [1, 2, 0x40];

/** A socket such as systemd's NOTIFY_SOCKET, which Node cannot make: it has no datagrams of unix(7). */
export interface NotifySocket {
  readonly path: string;
  /** All that has been told so far, a text for each message. */
  told(): readonly string[];
  close(): void;
}

/** @returns undefined where the C library cannot be called */
export async function openNotifySocket(): Promise<NotifySocket | undefined> {
  const libc = await loadLibc();
  if ('unavailable' in libc) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-notify-'));
  const path = join(folder, 'notify');
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
  const address = new Uint8Array([AF_UNIX, 0, ...new TextEncoder().encode(path), 0]);
  if (fd < 0 || libc.bind(fd, address, address.length) < 0) throw new Error(`no socket at ${path}`);
  const buffer = new ArrayBuffer(4096);
  const at = libc.address(buffer);
  const messages: string[] = [];
  return {
    path,
    told() {
      for (;;) {
        const got = libc.recv(fd, at, buffer.byteLength, DONT_WAIT);
        if (got < 0) return messages;
        messages.push(new TextDecoder().decode(new Uint8Array(buffer, 0, got)));
      }
    },
    close() {
      libc.close(fd);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
