import { z } from 'zod';
import { SERVER_MESSAGES } from '../../src/api/schemas/stream-schemas.js';

/** Any message of the daemon's stream. */
export const serverMessage = z.union([
  ...SERVER_MESSAGES.connection,
  ...SERVER_MESSAGES.state,
  ...SERVER_MESSAGES.events,
  ...SERVER_MESSAGES.figures,
  ...SERVER_MESSAGES.queries,
  ...SERVER_MESSAGES.templates,
]);
