import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Access } from '../access/api-access.js';
import { loginPage, type LoginView } from '../access/login-page.js';
import { isCsrf } from '../access/session-book.js';
import type { FaceContext } from '../http-face.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import { loginText } from './access-routes.js';

/** No script, no frame, nothing from elsewhere (CSP Level 3). */
const POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const FORM = 'application/x-www-form-urlencoded';

/** `/login`, `/logout`: the same as `/v1/login` and `/v1/logout` for people, without a script. */
export function loginRoutes(
  app: FastifyInstance,
  { audit }: Pick<ApiPorts, 'audit'>,
  access: Access,
  { clientOf }: Pick<FaceContext, 'clientOf'>,
): void {
  // Only these two routes take forms: pages of others can send forms without asking.
  app.addContentTypeParser(FORM, { parseAs: 'string' }, (request, body, done) => {
    if (!['/login', '/logout'].includes(request.routeOptions.url ?? '')) {
      const detail = 'the body is not of type JSON; send it with content-type: application/json';
      done(new ApiProblem(415, 'body-not-json', detail));
      return;
    }
    done(null, new URLSearchParams(String(body)));
  });

  const page = (reply: FastifyReply, view: Omit<LoginView, 'login'>): FastifyReply =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .header('referrer-policy', 'same-origin')
      .send(loginPage({ ...view, login: access.needsTokens }));

  app.get('/login', (request, reply) => {
    const { to } = request.query as Readonly<Record<string, unknown>>;
    return page(reply, { to: ownPath(to), principal: access.principalOf(request.raw) });
  });

  app.post('/login', async (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const to = ownPath(form.get('to'));
    const token = form.get('token')?.trim() ?? '';
    if (token === '') {
      void reply.code(400);
      return page(reply, { to, fault: 'no token was given', principal: access.principalOf(request.raw) });
    }
    try {
      const { cookie, principal } = await access.login(request.raw, clientOf(request), token);
      audit({
        type: 'login',
        subject: principal.token?.name ?? '',
        message: loginText(principal, clientOf, request),
      });
      return await reply.header('set-cookie', cookie).redirect(to, 303);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      void reply.code(error.status).headers(error.headers);
      return page(reply, { to, fault: error.message, principal: access.principalOf(request.raw) });
    }
  });

  app.post('/logout', async (request, reply) => {
    const { csrf } = access.principalOf(request.raw);
    const given = request.body instanceof URLSearchParams ? request.body.get('csrf') : null;
    if (csrf !== undefined && !isCsrf(csrf, given ?? ''))
      throw new ApiProblem(403, 'csrf-missing', 'the form is out of date; load the page again');
    const cookie = await access.logout(request.raw);
    return reply.header('set-cookie', cookie).redirect('/login', 303);
  });
}

/** A path on this daemon; everything else would lead people away. */
function ownPath(to: unknown): string {
  return typeof to === 'string' && /^\/(?![/\\])[\x21-\x7e]*$/.test(to) && !to.includes('\\') ? to : '/';
}
