import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How many items are written before others get a turn. */
const ITEMS_A_TURN = 200;

/**
 * A JSON object whose last key is a long list, written in pieces: a list of 100,000 tasks in one go would keep the name
 * server from answering for as long as it takes. Snapshots never change, so the list is of one revision all the same.
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
