import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { abtie, startAbtie } from "../helpers/abtie.ts";
import { atEnd } from "../helpers/at-end.ts";
import { attachTo, FAKE, type Job, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";

const KEY = "sk-proj-9f3Qa77zLm2Xw";
const USER = "team-abtie";
const PASSWORD = "p4ssw0rd-of-team";
const TOKEN = "t0ken-in-the-query";
const VARIABLE = "hf_VARIABLE1234567";
const SECRETS = [KEY, USER, PASSWORD, TOKEN, VARIABLE];

/** The ways in which the server repeats what it was sent. */
const ECHOES: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "URL-encoded": (text) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(""),
  "in base64": (text) => Buffer.from(text).toString("base64"),
  "in the JSON of an error": (text) => JSON.stringify({ error: { message: `not allowed: ${text}`, type: text } }),
  "in a long page, split": (text) =>
    `<html>${"<p>x</p>".repeat(110)}<b>${text.slice(0, 5)}</b><wbr>${text.slice(5)}</html>`,
  "in capital letters": (text) => text.toUpperCase(),
};

describe("no secret is in a file or a message when a server repeats it", () => {
  // Each waits for the repeated requests of its start.
  test.concurrent.each(Object.keys(ECHOES))("%s", async (name) => {
    const url = await echoServer(ECHOES[name] ?? String);
    const engine = { attach: `${url.replace("//", `//${USER}:${PASSWORD}@`)}/v1?token=${TOKEN}`, tokenizer: TOKENIZER };
    const job = await writeJob({ engine, rows: 6, config: { attempts: 2 } });
    const ended = await abtie(["run", "job.yaml"], { cwd: job.folder, env: { OPENAI_API_KEY: KEY } });
    expect(ended.stderr).toContain("[secret]");
    const report = await abtie(["report", "run"], { cwd: job.folder, env: { OPENAI_API_KEY: KEY } });
    const doctor = await abtie(["doctor", "job.yaml", "--json"], { cwd: job.folder, env: { OPENAI_API_KEY: KEY } });
    for (const { stdout, stderr } of [ended, report, doctor]) expectClean(stdout + stderr, name);
    expectCleanFiles(job, name);
  });
});

test("no secret of a server that abtie starts is in a file, a message or the list of processes", async () => {
  const engine = spawning(
    { apiKey: KEY, constantMs: 30 },
    {
      command: process.execPath,
      args: ["-e", echoingStart(), "--", FAKE, "serve", "{model}", "--host", "{host}", "--port", "{port}"].concat([
        "--served-model-name",
        "{served_model_name}",
        "--api-key",
        KEY,
      ]),
    },
  );
  const env = { ...(engine["env"] as object), HF_TOKEN: VARIABLE };
  const job = await writeJob({ engine: { ...engine, env }, rows: 40 });
  const running = startAbtie(["run", "job.yaml", "-j", "1"], { cwd: job.folder });
  const seen: string[] = [];
  const poll = setInterval(() => seen.push(...commandLines()), 50);
  const ended = await running.ended;
  clearInterval(poll);
  expect(ended.status, ended.stderr).toBe(0);
  expect(seen.some((line) => line.includes("supervisor"))).toBe(true);
  for (const line of seen) expectClean(line, "as it is");
  expectClean(ended.stdout + ended.stderr, "as it is");
  expect(readFileSync(join(job.folder, "run/server.log"), "utf8")).toContain(
    "my token is [secret] and my key is [secret]",
  );
  expectCleanFiles(job, "as it is");
});

test("user, password and query of the address are sent to the server", async () => {
  const seen: IncomingMessage[] = [];
  await using judge = await startJudge();
  const url = await proxyTo(judge.url, seen);
  const engine = { ...attachTo(judge), attach: `${url.replace("//", `//${USER}:${PASSWORD}@`)}?token=${TOKEN}` };
  const job = await writeJob({ engine, rows: 6 });
  const ended = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(ended.status, ended.stderr).toBe(0);
  const basic = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
  expect(new Set(seen.map(({ headers }) => headers.authorization))).toEqual(new Set([basic]));
  expect(seen.every(({ url: path }) => path?.endsWith(`?token=${TOKEN}`))).toBe(true);
  expectClean(ended.stdout + ended.stderr, "as it is");
  expectCleanFiles(job, "as it is");
});

test("an impossible key is exit 2 and is not shown", async () => {
  const job = await writeJob({ engine: { attach: "http://127.0.0.1:9" }, rows: 3 });
  for (const key of [`${KEY}\nmore`, `${KEY}é`]) {
    const ended = await abtie(["run", "job.yaml"], { cwd: job.folder, env: { OPENAI_API_KEY: key } });
    expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining("OPENAI_API_KEY") });
    expectClean(ended.stderr, "as it is");
  }
});

test("only the owner can open a run folder and what lies in it, and the submission has the usual access", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 3, config: { output: "out.csv" } });
  expect((await abtie(["run", "job.yaml"], { cwd: job.folder })).status).toBe(0);
  const access = (path: string): string => (statSync(join(job.folder, path)).mode & 0o777).toString(8);
  expect(access("run")).toBe("700");
  for (const name of ["manifest.json", "journal.jsonl", "rows.jsonl", "published.json"]) {
    expect(`${name} ${access(`run/${name}`)}`).toBe(`${name} 600`);
  }
  expect(access("out.csv")).toBe((0o666 & ~process.umask()).toString(8));
});

function expectCleanFiles({ folder }: Job, echo: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === "job.yaml") continue;
    expectClean(readFileSync(join(entry.parentPath, entry.name), "latin1"), echo, entry.name);
  }
}

function expectClean(text: string, echo: string, where = "message"): void {
  for (const secret of SECRETS) {
    for (const form of [secret, secret.toUpperCase(), ECHOES[echo]?.(secret) ?? secret, secret.slice(0, 10)]) {
      expect(text.toLowerCase().includes(form.toLowerCase()) ? `${where}: ${form}` : "").toBe("");
    }
  }
}

/** A program that prints its secrets, as some servers do, and becomes the fake server. */
function echoingStart(): string {
  return (
    "console.log('my token is ' + process.env.HF_TOKEN + ' and my key is ' + process.env.VLLM_API_KEY);" +
    "process.argv.splice(1, 1, process.argv[1]);import('node:url').then(({pathToFileURL}) => import(pathToFileURL(process.argv[1]).href));"
  );
}

/** The command lines of all processes, without those of the tests, which hold the secrets. */
function commandLines(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    });
}

/** A server that lists a model and answers every other request with an error that repeats its headers and address. */
async function echoServer(echo: (text: string) => string): Promise<string> {
  return listen(
    createServer((request, response) => {
      const sent = [request.headers.authorization ?? "", request.url ?? "", USER, PASSWORD, TOKEN, KEY].map(echo);
      if (request.url?.startsWith("/v1/models")) {
        response.end(JSON.stringify({ data: [{ id: "m", max_model_len: 2048 }] }));
        return;
      }
      response.writeHead(request.url?.startsWith("/v1/completions") ? 400 : 500, {
        "x-echo": sent.join(" ").slice(0, 900),
      });
      response.end(sent.join(" | "));
    }),
  );
}

async function proxyTo(target: string, seen: IncomingMessage[]): Promise<string> {
  return listen(
    createServer((request, response) => {
      seen.push(request);
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", async () => {
        const body = request.method === "POST" ? Buffer.concat(chunks).toString("utf8") : null;
        const path = new URL(request.url ?? "", target).pathname;
        const answer = await fetch(`${target}${path}`, { method: request.method ?? "GET", body });
        response.writeHead(answer.status, { "content-type": "application/json" });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    }),
  );
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
