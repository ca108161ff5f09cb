import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How many items are written before others get a turn. */
const ITEMS_A_TURN = 200;

/**
 * A JSON object whose last key is a long list, written in pieces. Writing 100,000 tasks at once would keep the name
 * server from answering meanwhile. Snapshots never change, so the whole list belongs to one revision.
 * @param head the keys before the list
 */
export function jsonListStream(head: object, key: string, items: Iterable<unknown>): Readable {
  return Readable.from(pieces(head, key, items), { objectMode: false });
}

async function* pieces(head: object, key: string, items: Iterable<unknown>): AsyncGenerator<string> {
  const start = JSON.stringify(head).slice(0, -1);
  let piece = `${start}${start === '{' ? '' : ','}${JSON.stringify(key)}:[`;
  let count = 0;
  for (const item of items) {
    piece += `${count === 0 ? '' : ','}\n${JSON.stringify(item)}`;
    count += 1;
    if (count % ITEMS_A_TURN === 0) {
      yield piece;
      piece = '';
      await nextTurn();
    }
  }
  yield `${piece}\n]}\n`;
}
