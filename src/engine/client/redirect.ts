import { RequestError } from "./request-error.ts";

/** The most redirects that one request follows. */
export const MAX_REDIRECTS = 3;

/** The statuses that name another address for the same resource. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Those of them that ask for the same method and body at the new address. */
const SAME_METHOD: ReadonlySet<number> = new Set([307, 308]);

/** Decides whether a status is a redirect. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * Gives the address to which a redirect may be followed: another path of the same origin, with the same method and body.
 * Throws RequestError("wrong-address"), which names the target, for every other redirect, because the API key must not be
 * sent to a server that the user has not named, and a request must not become another one.
 */
export function followRedirect(
  from: URL,
  { status, location, method }: { readonly status: number; readonly location: string | null; readonly method: string },
): URL {
  const target = location !== null && URL.canParse(location, from.href) ? new URL(location, from) : null;
  if (target === null)
    throw refusal(
      status,
      `The server at ${from.origin} redirects (${status}) without a usable target. Write the address behind the redirect as the base URL.`,
    );
  const shown = `${target.origin}${target.pathname}`;
  if (target.origin !== from.origin) {
    throw refusal(
      status,
      `${from.origin} redirects (${status}) to another server, ${shown}, and abtie sends neither key nor prompts there. If you trust it, write its address as the base URL.`,
    );
  }
  if (method === "POST" && !SAME_METHOD.has(status)) {
    throw refusal(
      status,
      `${from.origin}${from.pathname} redirects (${status}) to ${shown}, which would turn the request into another one. Write the address to which the server redirects as the base URL.`,
    );
  }
  return target;
}

function refusal(status: number, message: string): RequestError {
  return new RequestError("wrong-address", message, { status });
}
