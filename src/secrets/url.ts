import { Secret } from "./secret.ts";

/** The secret parts of the address of a server. */
export interface ServerAccess {
  /** Value of an Authorization header, from the user and the password of the address; null: it has none. */
  readonly authorization: Secret | null;
  /** Query that is added to the address of every request, without its question mark; null: it has none. */
  readonly query: Secret | null;
  /** Every text of the address that must not be shown. */
  readonly secrets: readonly Secret[];
}

/** An address as it may be shown, and the parts of it that may not. */
interface UrlParts extends ServerAccess {
  /** The address without user, password, query and fragment; the text itself when it has none of them. */
  readonly shown: string;
}

/** Takes an address apart. A text that is no address has no secret parts. */
export function partsOfUrl(text: string): UrlParts {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.username === "" && url.password === "" && url.search === "" && url.hash === "")) {
    return { shown: text, authorization: null, query: null, secrets: [] };
  }
  const user = decode(url.username);
  const password = decode(url.password);
  const pair = `${user}:${password}`;
  const hasUser = user !== "" || password !== "";
  const query = url.search.slice(1);
  const values = [...url.searchParams.values()];
  const texts = [...(hasUser ? [pair, user, password, url.username, url.password] : []), query, ...values];
  return {
    shown: `${url.protocol}//${url.host}${url.pathname}`,
    authorization: hasUser ? new Secret(`Basic ${Buffer.from(pair, "utf8").toString("base64")}`) : null,
    query: query === "" ? null : new Secret(query),
    secrets: [...new Set(texts)].filter((value) => value !== "").map((value) => new Secret(value)),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
