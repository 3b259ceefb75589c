import { isIP } from "node:net";
import { AbtieError } from "../../errors.ts";
import { httpUrl } from "./http-url.ts";

/** The proxy for the requests to one server, and the hosts that are reached without it. */
export interface ProxyChoice {
  /** Address of the proxy. It may contain a user and a password, so it is not shown. */
  readonly url: string;
  /** The address without user and password. */
  readonly shown: string;
  /** The hosts that are reached directly, as NO_PROXY lists them. */
  readonly direct: string;
}

/**
 * Chooses the proxy for a server from HTTP_PROXY or HTTPS_PROXY (by the protocol of the server's address) and NO_PROXY, in
 * capital or small letters; null when none is set. A server on this machine is never reached through a proxy. Throws
 * AbtieError("config") when the proxy has no usable address.
 */
export function chooseProxy(baseUrl: string, env: Readonly<Record<string, string | undefined>>): ProxyChoice | null {
  const server = new URL(baseUrl);
  if (isLoopback(server.hostname)) return null;
  const name = server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const written = (env[name.toLowerCase()] || env[name] || "").trim();
  if (written === "") return null;
  const url = httpUrl(written);
  if (url === null) {
    throw new AbtieError("config", `${name} is not the http address of a proxy. Write for example http://proxy:3128.`);
  }
  return { url: url.href, shown: url.origin, direct: env["no_proxy"] || env["NO_PROXY"] || "" };
}

/** True for a host of this machine: localhost, 127.0.0.0/8 and ::1. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (isIP(host) === 4) return host.startsWith("127.");
  if (isIP(host) === 6) return host === "::1" || host.startsWith("::ffff:7f");
  return host === "localhost" || host.endsWith(".localhost");
}
