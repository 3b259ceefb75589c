// A proxy that fails a share of the requests at their first attempt, as an overloaded server does.
import { createHash } from "node:crypto";
import { createServer, request } from "node:http";

const TOO_LONG =
  "This model's maximum context length is 2048 tokens. However, your prompt contains 2500 input tokens. Please reduce the length of the input prompt.";
const BROKEN = [500, "Internal server error", "InternalServerError"];
const MISTAKEN = [400, TOO_LONG, "BadRequestError"];

/**
 * Starts the proxy. A `share` of the completion requests fail, in turn with status 500 and with 400 for a prompt that is too long.
 * Only requests of several prompts fail with 400: abtie rightly gives up a single prompt that is too long.
 */
export async function startFlakyProxy(target, share) {
  const seen = new Set();
  const counts = { requests: 0, failed: 0 };
  const { hostname, port } = new URL(target);
  const server = createServer(async (incoming, outgoing) => {
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const body = Buffer.concat(parts);
    const { url: path, method, headers } = incoming;
    if (path.endsWith("/completions")) {
      const { prompt } = JSON.parse(body);
      const hash = createHash("sha256").update(JSON.stringify(prompt)).digest();
      const key = hash.toString("hex");
      counts.requests += 1;
      if (!seen.has(key) && hash.readUInt32LE(0) / 2 ** 32 < share && counts.requests > 8) {
        seen.add(key);
        const isSingle = typeof prompt[0] === "number" || prompt.length === 1;
        const [status, message, type] = isSingle || counts.failed % 2 === 0 ? BROKEN : MISTAKEN;
        counts.failed += 1;
        outgoing.writeHead(status, { "content-type": "application/json" });
        outgoing.end(JSON.stringify({ error: { message, type, param: null, code: status } }));
        return;
      }
    }
    const passed = request({ hostname, port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    passed.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    counts,
    /** Forgets the earlier attempts, so that the next run fails like the first one. */
    forget: () => {
      seen.clear();
      counts.requests = 0;
      counts.failed = 0;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
