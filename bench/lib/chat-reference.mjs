// The Python reference of bench/prompt-parity.mjs as functions, and as the pages /tokenize and /detokenize of a loopback server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("chat_reference.py", import.meta.url));

/** Starts chat_reference.py. `ask` sends one request and resolves to its answer; requests are answered in their order. */
export function startReference(python) {
  const child = spawn(python, [PROGRAM], {
    env: { ...process.env, VLLM_LOGGING_LEVEL: "ERROR", HF_HUB_OFFLINE: "1", VLLM_NO_USAGE_STATS: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (part) => {
    stderr = (stderr + part).slice(-3000);
  });
  const waiting = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(JSON.parse(line)));
  child.once("close", (status) => {
    for (const { reject } of waiting) reject(new Error(`chat_reference.py ended with ${status}\n${stderr}`));
  });
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(request)}\n`);
      }),
    stop: () => child.kill("SIGKILL"),
  };
}

/** Starts a loopback server whose /tokenize and /detokenize are answered by the reference. A refusal is HTTP 400. */
export async function serveReference({ ask }) {
  const server = createServer(async (request, response) => {
    const page = request.url.slice(1);
    if (page !== "tokenize" && page !== "detokenize") return response.writeHead(404).end();
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    const answer = await ask({ ...JSON.parse(body), do: page });
    response.writeHead(answer.refused === undefined ? 200 : 400, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.refused === undefined ? answer : { error: { message: answer.refused } }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
