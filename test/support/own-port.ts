/**
 * A port for listeners on a test file's own addresses in 127.0.0.0/8. It differs between processes, so that two runs of the tests
 * on one machine do not take each other's addresses; it is below the ports that Linux gives to clients.
 */
export const ownPort = 12_000 + (process.pid % 20_000);

/**
 * A port at which nothing of these tests listens on any address. One that a socket had before it was closed may be another's by the time
 * that it is used; Linux does not give this one to clients either.
 */
export const closedPort = 32_000 + (process.pid % 700);
