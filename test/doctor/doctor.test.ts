import { appendFile, cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Finding } from "../../src/doctor/finding.ts";
import type { Fake, FakeKnobs } from "../fixtures/engine/fake-vllm.mjs";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess, type Said } from "../helpers/in-process.ts";
import { attachTo, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";

const CHAT_TEMPLATES = fileURLToPath(new URL("../fixtures/chat-templates", import.meta.url));

async function started(knobs: FakeKnobs = {}): Promise<Fake> {
  const fake = await startJudge(knobs);
  onTestFinished(() => fake[Symbol.asyncDispose]());
  return fake;
}

async function askDoctor(folder: string, args: readonly string[] = []): Promise<Said & { findings: Finding[] }> {
  const said = await inProcess(["doctor", "job.yaml", "--json", ...args], folder);
  return { ...said, findings: JSON.parse(said.stdout) as Finding[] };
}

const textOf = (findings: readonly Finding[], wanted: string): string =>
  findings.find(({ check }) => check === wanted)?.text ?? `no finding ${wanted}`;

/** A model folder with the small tokenizer and one of the chat templates of the fixtures. */
async function modelFolder(template: string): Promise<string> {
  const folder = await temporaryFolder({});
  await cp(TOKENIZER, folder, { recursive: true });
  await writeFile(join(folder, "chat_template.jinja"), await readFile(join(CHAT_TEMPLATES, `${template}.jinja`)));
  return folder;
}

describe("what doctor says of a model", () => {
  test.each(["folder", "server"] as const)(
    "the true end of the prompt, the switch that was used and the labels, with the tokenizer of the %s",
    async (side) => {
      const model = await modelFolder("hybrid-thinking");
      const fake = await started({ modelDir: model });
      const tokenizer = side === "folder" ? model : false;
      const job = await writeJob({ engine: { attach: fake.url, tokenizer }, config: { template: "rules" } });
      const { status, findings, stderr } = await askDoctor(job.folder);
      expect(stderr.split("\n")[0]).toMatch(/^A run would (work|fail): /);
      expect(textOf(findings, "prompt end")).toContain('<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\nVerdict:"');
      expect(textOf(findings, "prompt end")).toMatch(/last tokens: .*"[^"]*:" \(\d+\)$/);
      expect(textOf(findings, "chat template")).toBe(
        "changed by enable_thinking: false; without effect: thinking: false",
      );
      expect(textOf(findings, "labels")).toMatch(/^a: " A" = " A" \(288\); b: " B" = " B" \(373\); tie: " tie" = /);
      expect(textOf(findings, "model")).toBe("fake; weights fake");
      expect(textOf(findings, "context")).toContain(`2,048 tokens, from ${fake.url}/v1/models`);
      expect(status).toBe(0);
    },
  );

  test("the day that a chat template prints", async () => {
    const model = await modelFolder("dated");
    const fake = await started({ modelDir: model, today: "2026-11-28" });
    const config = { template: "rules", date: "2026-11-28" };
    const job = await writeJob({ engine: { attach: fake.url, tokenizer: model }, config });
    const { findings } = await askDoctor(job.folder);
    expect(textOf(findings, "chat template")).toContain("prints the day 2026-11-28");
  });

  test("labels of different numbers of tokens are a warning, in a run too", async () => {
    const fake = await started();
    const labels = { a: " A", b: " B", tie: " neither of them" };
    const job = await writeJob({ engine: attachTo(fake), config: { labels } });
    const { findings } = await askDoctor(job.folder);
    const finding = findings.find(({ check }) => check === "labels");
    expect(finding).toMatchObject({ level: "warning" });
    expect(finding?.text).toMatch(/" A" has 1 token, .*" neither of them" has \d+ tokens/);
    const run = await inProcess(["run", "job.yaml", "--force"], job.folder);
    expect(run.stderr).toContain("The labels have different numbers of tokens");
  });

  test("all anomalies are one finding behind the facts about the model", async () => {
    const fake = await started();
    const job = await writeJob({ engine: attachTo(fake) });
    await appendFile(join(job.folder, "rows.csv"), '77,"[]","[null]","[""x""]"\n');
    const { findings } = await askDoctor(job.folder);
    const checks = findings.map(({ check }) => check);
    expect(checks.filter((check) => check === "anomalies")).toHaveLength(1);
    expect(checks.indexOf("anomalies")).toBeGreaterThan(checks.indexOf("label mass"));
    expect(checks.at(-1)).toBe("prompt");
  });
});

describe("where the context length was learnt", () => {
  const card = (id: string, more: object) => ({ id, object: "model", root: `/models/${id}`, parent: null, ...more });
  const listing = (...data: readonly object[]) => ({ "/v1/models": { object: "list", data } });

  test.each([
    [
      "an adapter's parent",
      listing(card("base", { max_model_len: 1024 }), card("fake", { parent: "base", max_model_len: null })),
      "fake; weights /models/fake; adapter of base",
      (url: string) => `1,024 tokens, from the model's parent base in ${url}/v1/models; a prompt may have 1,022 tokens`,
    ],
    [
      "the page of llama.cpp",
      {
        ...listing(card("fake", { max_model_len: null })),
        "/props": { default_generation_settings: { n_ctx: 512 } },
      },
      "fake; weights /models/fake",
      (url: string) => `512 tokens, from ${url}/props; a prompt may have 510 tokens`,
    ],
    [
      "the config",
      listing(card("fake", { max_model_len: null })),
      "fake; weights /models/fake",
      () => "700 tokens, from engine.max_model_len, since the server reports none; a prompt may have 698 tokens",
    ],
  ])("%s", async (_, pages, model, context) => {
    const url = await gateway(await started(), pages);
    const job = await writeJob({ engine: { attach: url, model: "fake", tokenizer: TOKENIZER, max_model_len: 700 } });
    const { findings } = await askDoctor(job.folder);
    expect(textOf(findings, "model")).toBe(model);
    expect(textOf(findings, "context")).toBe(context(url));
  });
});

/** A server before a fake that answers some pages itself. Gives its URL. */
async function gateway(fake: Fake, pages: Readonly<Record<string, object>>): Promise<string> {
  const server = createServer(async (request, response) => {
    const own = pages[request.url ?? ""];
    if (own !== undefined) return response.end(JSON.stringify(own));
    const body = await text(request);
    const sent = body === "" ? {} : { body, headers: { "content-type": "application/json" } };
    const answer = await fetch(`${fake.url}${request.url}`, { method: request.method ?? "GET", ...sent });
    return response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("doctor --against", () => {
  test("the same model on two engines differs by nothing", async () => {
    const [one, other] = [await started(), await started()];
    const job = await writeJob({ engine: attachTo(one) });
    const { status, findings } = await askDoctor(job.folder, ["--against", other.url]);
    expect(textOf(findings, "prompts on both engines")).toBe("the same token ids on both engines, 40 rows");
    expect(textOf(findings, "numbers of both engines")).toContain(
      `against ${other.url}: largest difference 0 nats, mean 0 nats; 0 flips of the verdict in 40 rows`,
    );
    expect(status).toBe(0);
  });

  test("another model differs, and the exit status stays 0", async () => {
    const [one, other] = [await started(), await started({ seed: 2 })];
    const job = await writeJob({ engine: attachTo(one) });
    const { status, findings } = await askDoctor(job.folder, ["--against", other.url]);
    const text = textOf(findings, "numbers of both engines");
    expect(Number(/largest difference ([\d.]+) nats/.exec(text)?.[1])).toBeGreaterThan(0.1);
    expect(Number(/(\d+) flips/.exec(text)?.[1])).toBeGreaterThan(0);
    expect(status).toBe(0);
  });

  test("a second engine with a smaller context gets prompts that fit", async () => {
    const [one, other] = [await started(), await started({ maxModelLen: 60 })];
    const job = await writeJob({ engine: attachTo(one), words: () => 60 });
    const { findings } = await askDoctor(job.folder, ["--against", other.url]);
    expect(textOf(findings, "numbers of both engines")).toContain("in 40 rows");
  });

  test("a second engine that cannot be opened is an error", async () => {
    const job = await writeJob({ engine: attachTo(await started()) });
    const { status, findings } = await askDoctor(job.folder, ["--against", "ftp://elsewhere"]);
    expect(findings[0]).toMatchObject({ check: "against", level: "error" });
    expect(status).toBe(4);
  });
});
