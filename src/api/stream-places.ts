import type { StreamLimits } from './stream-limits.js';

/** So many at a time. */
export class Places {
  readonly most: number;
  #taken = 0;

  constructor(most: number) {
    this.most = most;
  }

  get areLeft(): boolean {
    return this.#taken < this.most;
  }

  take(): void {
    this.#taken += 1;
  }

  free(): void {
    this.#taken -= 1;
  }
}

/** The places of one face. All its clients share them, whatever their tokens are limited to. */
export interface StreamPlaces {
  /** For those that follow over HTTP. */
  readonly followers: Places;
  /** For those of `GET /v1/stream`. */
  readonly clients: Places;
  readonly scrapes: Places;
}

export function placesOf({ maxStreams, maxClients, maxScrapes }: StreamLimits): StreamPlaces {
  return {
    followers: new Places(maxStreams),
    clients: new Places(maxClients),
    scrapes: new Places(maxScrapes),
  };
}
