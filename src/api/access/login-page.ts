import { markup, type Markup } from '../plain/markup.js';
import type { Principal } from './principal.js';

/** What the page shows. */
export interface LoginView {
  /** Where the browser goes afterwards: a path. */
  readonly to: string;
  /** Why the last attempt failed. */
  readonly fault?: string | undefined;
  readonly principal: Principal;
  /** Whether anyone has to log in here. */
  readonly login: boolean;
}

/** The page where people log in and out. It needs no script. */
export function loginPage(view: LoginView): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in - Fairlead</title>
<link rel="stylesheet" href="/ui/plain.css">
</head>
<body>
<main>
<h1>Fairlead</h1>
${content(view)}
</main>
</body>
</html>
`.text;
}

function content({ to, fault, principal, login }: LoginView): Markup {
  if (!login) return markup`<p>No login is needed here. <a href="/">Go on</a></p>`;
  const { token, csrf, role } = principal;
  if (csrf !== undefined)
    return markup`<p>You are logged in as ${token?.name} (${role}). <a href="${to}">Go on</a></p>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrf}"><button>Log out</button></form>`;
  return markup`<form method="post" action="/login">
<input type="hidden" name="to" value="${to}">
${fault !== undefined && markup`<p id="fault" class="bad" role="alert">${fault}</p>\n`}<p><label for="token">Token</label><br>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus size="60"${
    fault !== undefined && markup` aria-invalid="true" aria-describedby="fault"`
  }></p>
<p><button>Log in</button></p>
<p class="dim">An operator of this host makes tokens with <code>fairlead token create</code>.</p>
</form>`;
}
