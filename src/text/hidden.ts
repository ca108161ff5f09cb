/** Replaces secrets in every output. */
export const HIDDEN = '***';

/** The user and password of a URL in a text, which no output may show: `http://me:secret@host`. */
const LOGIN = /(\/\/)[^/@\s]*@/g;

/** A text without the users and passwords of its URLs. */
export function withoutLogin(text: string): string {
  return text.replace(LOGIN, `$1${HIDDEN}@`);
}
