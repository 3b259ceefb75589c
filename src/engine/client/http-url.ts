/** Reads an address that a person wrote, with or without `http://` before it; null when it is no http address with a host. */
export function httpUrl(written: string): URL | null {
  const trimmed = written.trim();
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url : null;
}
