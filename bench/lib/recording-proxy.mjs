// A loopback proxy before a server, which remembers what was asked of /v1/completions or /classify and what was answered.
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * Starts a proxy in this process before the server at `target`. `completions` gets every answered request to
 * /v1/completions or /classify: its body and its answer. The pages of `hidden` are not found. Disposing it closes all connections.
 */
export async function startRecordingProxy(target, hidden = []) {
  const completions = [];
  const server = createServer(async (request, response) => {
    try {
      const body = await textOf(request);
      if (hidden.includes(request.url)) {
        response.writeHead(404, { "content-type": "application/json" }).end('{"detail":"Not Found"}');
        return;
      }
      const headers = { "content-type": "application/json", authorization: request.headers.authorization ?? "" };
      const sent = body === "" ? { headers } : { headers, body };
      const answer = await fetch(`${target}${request.url}`, { method: request.method, ...sent });
      const text = await answer.text();
      if (["/v1/completions", "/classify"].includes(request.url) && answer.ok) {
        completions.push({ body: JSON.parse(body), answer: JSON.parse(text) });
      }
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
      response.end(text);
    } catch (error) {
      response.writeHead(502).end(String(error));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    completions,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function textOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}
