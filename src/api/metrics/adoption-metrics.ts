import type { AdoptionStatusJson } from '../types/adoption.js';
import { gauge, type Readings } from './exposition.js';

/** Which containers ask Fairlead for names. */
export const adoptionMetrics = {
  fairlead_adoption_containers: gauge(
    'Containers that run: `adopted` are those that ask Fairlead, the others are counted by why they do not.',
    'state',
  ),
};

export function readAdoption({ adopted, left }: AdoptionStatusJson): Readings<typeof adoptionMetrics> {
  return {
    fairlead_adoption_containers: [
      [adopted, 'adopted'],
      ...Object.entries(left).map(([code, count]): [number, string] => [count, code]),
    ],
  };
}
