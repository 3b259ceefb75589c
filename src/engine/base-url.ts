import { AbtieError } from "../errors.ts";

const ENDPOINT = /\/(?:v1(?:\/.*)?|health|version|metrics|tokenize|detokenize)$/;

/**
 * Finds the root of a server from what a person wrote: a root, an address that ends in /v1, or a full endpoint such as
 * http://host:8000/v1/completions. A path before /v1 is kept, for servers behind a proxy. Throws AbtieError("config").
 */
export function normaliseBaseUrl(written: string): string {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(written.trim()) ? written.trim() : `http://${written.trim()}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    throw new AbtieError(
      "config",
      `The base URL ${JSON.stringify(written)} is not an http address. Write for example http://127.0.0.1:8000 or http://127.0.0.1:8000/v1.`,
    );
  }
  const path = url.pathname.replace(/\/+$/, "").replace(ENDPOINT, "");
  return `${url.origin}${path.replace(/\/+$/, "")}`;
}
