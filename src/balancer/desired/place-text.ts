import { formatHostPort } from '../../net/ip.js';
import type { Place } from '../plane.js';

/** A place as people write it: `10.43.0.1:80/tcp`. */
export function placeText({ vip, port, protocol }: Place): string {
  return `${formatHostPort({ ip: vip, port })}/${protocol}`;
}
