import { readFileSync } from 'node:fs';

/** Numbers of a user or a group of this host. */
export interface Owner {
  uid: number;
  gid: number;
}

/** A user, as programs run as it. */
export interface UserIds extends Owner {
  name: string;
  home: string;
}

function lookUp(name: string, what: 'user' | 'group'): string[] {
  const file = what === 'user' ? '/etc/passwd' : '/etc/group';
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = lines.find(([known, , id]) => known === name || (what === 'user' && id === name));
  if (found !== undefined) return found;
  if (/^\d+$/.test(name)) return [name, '', name, name];
  throw new Error(`there is no ${what} ${name} on this host; create it, or name another ${what}`);
}

/** The number of a user or a group. @throws Error when the host has none of that name */
export function idOf(name: string, what: 'user' | 'group'): number {
  return /^\d+$/.test(name) ? Number(name) : Number(lookUp(name, what)[2]);
}

/** A user and the user's own group. @throws Error when the host has no such user */
export function userIds(name: string): UserIds {
  const [login = name, , uid, gid, , home = '/'] = lookUp(name, 'user');
  return { name: login, home, uid: Number(uid), gid: Number(gid) };
}
