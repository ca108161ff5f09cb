/** Who is logged in, where the daemon has logins. */
export function Session() {
  return null;
}
