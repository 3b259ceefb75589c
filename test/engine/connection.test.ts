import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { chooseProxy, isLoopback } from "../../src/engine/client/proxy.ts";
import { followRedirect } from "../../src/engine/client/redirect.ts";
import { startFake } from "../fixtures/engine/fake-vllm.mjs";
import { passOn, sendJson, serve } from "../helpers/loopback.ts";
import { attachTo } from "./attached.ts";
import { clientOf, LABELS, PROMPT, temporaryFolder } from "./helpers.ts";

const signal = new AbortController().signal;

async function startedFake() {
  const fake = await startFake({});
  onTestFinished(() => fake.close());
  return fake;
}

describe("a packed answer", () => {
  const PACKERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
    gzip: gzipSync,
    "x-gzip": gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    "gzip, br": (bytes) => brotliCompressSync(gzipSync(bytes)),
    identity: (bytes) => bytes,
  };
  /** Serves a body in an encoding, changed after it was packed. */
  const packed = (encoding: string, body: string, change = (bytes: Buffer): Buffer => bytes) =>
    serve((_, response) => {
      const bytes = change((PACKERS[encoding] ?? ((plain) => plain))(Buffer.from(body)));
      response.writeHead(200, { "content-encoding": encoding }).end(bytes);
    });
  const post = (url: string) => clientOf(url).post("/v1/completions", {}, 1);

  test.each(Object.keys(PACKERS))("is unpacked: %s", async (encoding) => {
    const { url } = await packed(encoding, JSON.stringify({ text: "très bien" }));
    expect(await post(url)).toEqual({ text: "très bien" });
  });

  test("is asked for in gzip or brotli", async () => {
    const { url } = await serve((request, response) => sendJson(response, [request.headers["accept-encoding"]]));
    expect(await post(url)).toEqual(["gzip, br"]);
  });

  test.each(["zstd", "gzip, gzip, gzip, gzip"])(
    "in an encoding that is not known is refused by its name: %s",
    async (encoding) => {
      const { url } = await packed(encoding, "{}");
      await expect(post(url)).rejects.toMatchObject({
        kind: "malformed",
        message: expect.stringContaining(`"${encoding}"`),
      });
    },
  );

  test("that is longer than the limit when it is unpacked is refused", async () => {
    const { url } = await packed("gzip", JSON.stringify("a".repeat(2_000_000)));
    await expect(post(url)).rejects.toMatchObject({
      kind: "malformed",
      message: expect.stringContaining("is longer than 1.1 MB"),
    });
  });

  test.each<[string, (bytes: Buffer) => Buffer, string]>([
    ["cut short", (bytes) => bytes.subarray(0, bytes.length - 20), "malformed"],
    ["damaged", (bytes) => Buffer.from(bytes).fill(255, 10, 20), "connection"],
    ["no gzip at all", () => Buffer.from("{}"), "connection"],
  ])("that is %s is an error, and the next one is read", async (_, change, kind) => {
    let isWrong = true;
    const { url } = await packed("gzip", JSON.stringify("a".repeat(100)), (bytes) => (isWrong ? change(bytes) : bytes));
    const client = clientOf(url);
    await expect(client.post("/v1/completions", {}, 1)).rejects.toMatchObject({ kind });
    isWrong = false;
    expect(await client.post("/v1/completions", {}, 1)).toEqual("a".repeat(100));
  });

  test.each(["gzip", "br"])("without a body keeps its status and its time to wait: %s", async (encoding) => {
    const { url } = await serve((_, response) => {
      response.writeHead(503, { "content-encoding": encoding, "retry-after": "3" }).end();
    });
    await expect(post(url)).rejects.toMatchObject({ kind: "overloaded", status: 503, retryAfterMs: 3_000 });
  });
});

describe("a redirect", () => {
  test.each([301, 302, 303, 307, 308])(
    "to another server is an error that names it, with status %d",
    async (status) => {
      const other = await serve((_request, response) => sendJson(response, { data: [] }));
      const { url } = await serve((request, response) => {
        response.writeHead(status, { location: `${other.url}${request.url}` }).end();
      });
      await expect(attachTo({ baseUrl: url, readyMs: 60_000 })).rejects.toMatchObject({
        code: "engine",
        message: expect.stringContaining(`redirects (${status}) to another server, ${other.url}/v1/models`),
      });
      expect(other.asked).toEqual([]);
    },
  );

  test.each([307, 308])("to another path of the same server is followed with status %d", async (status) => {
    const fake = await startedFake();
    const { url, asked } = await serve((request, response) => {
      const path = request.url ?? "";
      if (path.startsWith("/new")) {
        request.url = path.slice("/new".length);
        return void passOn(request, response, fake.url);
      }
      response.writeHead(status, { location: `/new${path}` }).end();
    });
    const { engine } = await attachTo({ baseUrl: url });
    expect(await engine.score([PROMPT], LABELS, signal)).toHaveLength(1);
    expect(asked).toContain("/new/v1/completions");
  });

  test("that would turn a POST into a GET is an error that names its target", async () => {
    const { url } = await serve(
      (_request, response) => void response.writeHead(301, { location: "/v2/x?key=1" }).end(),
    );
    await expect(clientOf(url).post("/v1/completions", {}, 1)).rejects.toMatchObject({
      kind: "wrong-address",
      status: 301,
      message: expect.stringContaining(`redirects (301) to ${url}/v2/x,`),
    });
  });

  test("in a circle ends, and one without a target is an error", async () => {
    const { url } = await serve((request, response) => {
      const location = request.url === "/v1/models" ? { location: "/v1/models" } : {};
      response.writeHead(308, location).end();
    });
    await expect(clientOf(url).models()).rejects.toMatchObject({
      kind: "wrong-address",
      message: expect.stringContaining("in a circle"),
    });
    await expect(clientOf(url).page("/health")).rejects.toMatchObject({
      message: expect.stringContaining("without a usable target"),
    });
  });

  test("never leaves the origin, whatever its target", () => {
    const from = new URL("http://gpu.test:8000/v1/models");
    fc.assert(
      fc.property(
        fc.oneof(fc.webUrl(), fc.webPath(), fc.string()),
        fc.constantFrom("GET", "POST"),
        (location, method) => {
          try {
            expect(followRedirect(from, { status: 308, location, method }).origin).toBe(from.origin);
          } catch (error) {
            expect(error).toMatchObject({ kind: "wrong-address" });
          }
        },
      ),
    );
  });
});

describe("a TLS error", () => {
  test("ends the start at once and names NODE_EXTRA_CA_CERTS, for a certificate that nobody signed", async () => {
    const { url } = await serve((_request, response) => response.end(), await selfSigned());
    await expect(attachTo({ baseUrl: url, readyMs: 60_000 })).rejects.toMatchObject({
      code: "engine",
      message: expect.stringMatching(/TLS connection failed: self-signed certificate .*set NODE_EXTRA_CA_CERTS/),
    });
  });

  test("is named when the server speaks no TLS", async () => {
    const { url } = await serve((_request, response) => response.end());
    await expect(attachTo({ baseUrl: url.replace("http:", "https:"), readyMs: 60_000 })).rejects.toMatchObject({
      code: "engine",
      message: expect.stringMatching(/TLS connection failed: .*write http:\/\/ in the base URL/),
    });
  });
});

describe("a proxy", () => {
  const HOST = "http://gpu.test:8000";

  test("is used for a server of another machine, with its user and password", async () => {
    const fake = await startedFake();
    const seen: unknown[] = [];
    const proxy = await serve((request, response) => {
      seen.push([request.url, request.headers["proxy-authorization"]]);
      request.url = (request.url ?? "").replace(HOST, "");
      void passOn(request, response, fake.url);
    });
    const env = { HTTP_PROXY: proxy.url.replace("//", "//me:secret@") };
    const { engine } = await attachTo({ baseUrl: HOST }, { env });
    expect(await engine.score([PROMPT], LABELS, signal)).toHaveLength(1);
    expect(seen).toContainEqual([`${HOST}/v1/completions`, `Basic ${btoa("me:secret")}`]);
  });

  test("passes TLS through a tunnel", async () => {
    const { url } = await serve((_request, response) => response.end(), await selfSigned());
    const tunnels: string[] = [];
    const proxy = await serve(() => {});
    proxy.server.on("connect", (request, socket) => {
      tunnels.push(request.url ?? "");
      const target = connect(Number(new URL(url).port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        target.pipe(socket).pipe(target);
      });
      for (const end of [target, socket]) end.on("error", () => target.destroy());
    });
    // The certificate is refused, so the connection reached the server.
    const env = { https_proxy: proxy.url };
    await expect(attachTo({ baseUrl: "https://gpu.test:8443" }, { env })).rejects.toThrow("self-signed certificate");
    expect(tunnels).toContain("gpu.test:8443");
  });

  test.each<[string, (socket: Duplex) => void]>([
    ["stays silent", (socket) => void socket.resume().on("end", () => socket.destroy())],
    ["drops each connection", (socket) => void setTimeout(() => socket.destroy(), 50)],
  ])("that %s instead of making the tunnel is left at the limit, and when the caller aborts", async (_, answer) => {
    const proxy = await serve(() => {});
    proxy.server.on("connect", (_request, socket) => answer(socket.on("error", () => {})));
    const env = { https_proxy: proxy.url };
    const client = clientOf("https://gpu.test:8443", { env, timeoutMs: 200 });
    await expect(client.models()).rejects.toMatchObject({ kind: "timeout" });
    const caller = new AbortController();
    const asked = client.models({ signal: caller.signal, timeoutMs: 600_000 });
    caller.abort(new Error("the caller has ended"));
    await expect(asked).rejects.toThrow("the caller has ended");
    await client[Symbol.asyncDispose]();
  });

  test("is named without its password when it does not answer", async () => {
    const proxy = await serve(() => {});
    await new Promise((resolve) => proxy.server.close(resolve));
    const env = { HTTP_PROXY: proxy.url.replace("//", "//me:secret@") };
    const failure = await attachTo({ baseUrl: HOST }, { env }).catch((error: Error) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining(`go through the proxy ${proxy.url},`) });
    expect(String(failure)).not.toContain("secret");
  });

  test("is not used for a server of this machine", async () => {
    const fake = await startedFake();
    const proxy = await serve((_request, response) => response.writeHead(500).end());
    const env = { HTTP_PROXY: proxy.url, http_proxy: proxy.url };
    for (const baseUrl of [fake.url, fake.url.replace("127.0.0.1", "localhost")]) {
      const { engine } = await attachTo({ baseUrl }, { env });
      expect(await engine.score([PROMPT], LABELS, signal)).toHaveLength(1);
    }
    expect(proxy.asked).toEqual([]);
  });

  test("is not used for a host that NO_PROXY lists", async () => {
    const proxy = await serve((_request, response) => response.writeHead(500).end());
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: "other.test, .invalid" };
    await expect(attachTo({ baseUrl: "http://gpu.invalid:8000" }, { env })).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
    expect(proxy.asked).toEqual([]);
  });

  test.each([
    ["http://gpu.test", { HTTP_PROXY: "http://p:1" }, "http://p:1"],
    ["http://gpu.test", { HTTP_PROXY: "http://big:1", http_proxy: "http://small:1" }, "http://small:1"],
    ["http://gpu.test", { HTTPS_PROXY: "http://p:1" }, null],
    ["https://gpu.test", { HTTPS_PROXY: "http://p:1" }, "http://p:1"],
    ["https://gpu.test", { HTTP_PROXY: "http://p:1" }, null],
    ["http://gpu.test", { HTTP_PROXY: "p.test:3128" }, "http://p.test:3128"],
    ["http://gpu.test", { HTTP_PROXY: "" }, null],
    ["http://127.0.0.1:8000", { HTTP_PROXY: "http://p:1" }, null],
    ["http://[::1]:8000", { HTTP_PROXY: "http://p:1" }, null],
  ])("for %s from %o is %s", (baseUrl, env, shown) => {
    expect(chooseProxy(baseUrl, env)?.shown ?? null).toBe(shown);
  });

  test("whose address cannot be used is an error of the config that does not show it", () => {
    expect(() => chooseProxy("http://gpu.test", { HTTP_PROXY: "socks5://me:secret@p:1" })).toThrow(
      /^HTTP_PROXY is not the http address of a proxy\. Write for example http:\/\/proxy:3128\.$/,
    );
  });

  test.each([
    ["localhost", true],
    ["api.localhost", true],
    ["127.8.9.1", true],
    ["[::1]", true],
    ["128.0.0.1", false],
    ["localhost.test", false],
    ["127.test", false],
  ])("knows whether %s is this machine", (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

/** A certificate for 127.0.0.1 that is signed by itself, made for this test. */
async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const folder = await temporaryFolder();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", key, "-out", cert, "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...elliptic, ...files, ...subject], { stdio: "pipe" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
