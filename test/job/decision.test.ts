import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RequestError } from "../../src/engine/client/request-error.ts";
import { createDecisionPages } from "../../src/judge/decision/pages.ts";
import type { FakeKnobs } from "../fixtures/engine/fake-vllm.mjs";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";

const BODY = "[P] {{ prompt }}\n[1] {{ response_a }}\n[2] {{ response_b }}";
const OPTIONS = { first: "the first is better", second: "the second is better", equal: "neither is better" };
const QUESTION = "Which is better?";
const DECISION = `---
description: A decision for tests.
format: decision
labels: {a: first, b: second, tie: equal}
question: ${QUESTION}
options: {a: "${OPTIONS.first}", b: "${OPTIONS.second}", tie: "${OPTIONS.equal}"}
system: You judge.
---
${BODY}
`;

type Page = "/v1/systemone" | "/v1/decisions";

/** The prompt of a page as a chat whose labels are the letters of the options, in one of both orders. */
function chat(page: Page, order: readonly (keyof typeof OPTIONS)[], letters: { a: string; b: string; tie: string }) {
  const own = page === "/v1/systemone";
  const lines = order.map((name, at) => `${"ABC"[at]}: ${own ? name : `"${name}"`} - ${OPTIONS[name]}`).join("\n");
  return `---
description: The letters of a decision.
format: chat
labels: ${JSON.stringify(letters)}
answer_prefix: ""
${own ? "system: You judge.\n---" : "---\nYou judge.\n"}
${BODY}

Question: ${QUESTION}
${lines}
Answer with the letter of one option only.
`;
}

/** The ids of the letters A, B and C in the tokenizer of the tests. */
const startDecider = (knobs: FakeKnobs = {}) =>
  startJudge({ decisions: "/v1/systemone", labels: [32, 33, 34], ...knobs });

test.each(["/v1/systemone", "/v1/decisions"] as const)(
  "gives the mean of the letters' probabilities in both orders of the options, with their mass, on %s",
  async (page) => {
    await using server = await startDecider({ decisions: page });
    const job = await writeJob({ engine: attachTo(server), rows: 12, config: { template: "./decision.jinja" } });
    const templates = {
      "decision.jinja": DECISION,
      "forward.jinja": chat(page, ["first", "second", "equal"], { a: "A", b: "B", tie: "C" }),
      "backward.jinja": chat(page, ["equal", "second", "first"], { a: "C", b: "B", tie: "A" }),
    };
    for (const [name, text] of Object.entries(templates)) await writeFile(join(job.folder, name), text);
    const readingsOf = async (name: string) => {
      const run = await inProcess(["run", "job.yaml", "-t", `./${name}.jinja`, "--run", name], job.folder);
      expect(run.status, run.stderr).toBe(0);
      return readLines(join(job.folder, name, "rows.jsonl")).map(({ ab }) => ab);
    };
    const [decided, forward, backward] = [
      await readingsOf("decision"),
      await readingsOf("forward"),
      await readingsOf("backward"),
    ];
    expect(decided).toHaveLength(12);
    for (const [row, reading] of decided.entries()) {
      const expected = [0, 1, 2].map(
        (label) =>
          (Math.exp(forward[row]?.logProbs[label] ?? Number.NaN) +
            Math.exp(backward[row]?.logProbs[label] ?? Number.NaN)) /
          2,
      );
      for (const [label, value] of expected.entries()) {
        expect(Math.exp(reading?.logProbs[label] ?? Number.NaN)).toBeCloseTo(value, 6);
      }
      expect(reading?.mass).toBeCloseTo(
        expected.reduce((sum, value) => sum + value, 0),
        6,
      );
    }
    expectValid(join(job.folder, "decision/submission.csv"), job.ids);
  },
);

test("swaps the answers in another request, loses no row to its length, and continues a run", async () => {
  await using server = await startDecider({ maxModelLen: 160 });
  const config = { template: "./decision.jinja", orders: "both" };
  const words = (row: number) => (row % 4 === 0 ? 300 : 6);
  const job = await writeJob({ engine: attachTo(server), rows: 16, words, config });
  await writeFile(join(job.folder, "decision.jinja"), DECISION);
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expect(run.status, run.stderr).toBe(0);
  expect(summaryIn(job.folder)).toMatchObject({ end: "done", rows: { "both-orders": 16 }, marks: { shortened: 4 } });
  const { requests } = server.stats;
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  expect(server.stats.requests).toBe(requests);
});

test("says what to do when the server has no such page", async () => {
  await using without = await startDecider({ decisions: null });
  const job = await writeJob({ engine: attachTo(without), rows: 8, config: { template: "./decision.jinja" } });
  await writeFile(join(job.folder, "decision.jinja"), DECISION);
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expect(run.status).toBe(4);
  expect(run.stderr).toContain("takes no structured decisions on /v1/systemone or /v1/decisions");
});

test("asks on the page that the server has, and finds the other one once", async () => {
  const requestsOf = async (page: Page) => {
    await using server = await startDecider({ decisions: page, modelName: "decider" });
    const job = await writeJob({ engine: attachTo(server), rows: 8, config: { template: "./decision.jinja" } });
    await writeFile(join(job.folder, "decision.jinja"), DECISION);
    const run = await inProcess(["run", "job.yaml"], job.folder);
    expect(run.status, run.stderr).toBe(0);
    return server.stats.requests;
  };
  expect(await requestsOf("/v1/decisions")).toBe(await requestsOf("/v1/systemone"));
});

test("tells a server that has no page from an error of the server that has one", async () => {
  const pages = createDecisionPages();
  const asked: string[] = [];
  const broken = pages.ask((page) => {
    asked.push(page);
    return Promise.reject(new RequestError("server", "broken", { status: 500 }));
  });
  await expect(broken).rejects.toThrow("broken");
  expect(asked).toEqual(["/v1/systemone"]);
});

test("refuses an option that is a letter, and a decision without a question", async () => {
  const job = await writeJob({ engine: attachTo(), rows: 8, config: { template: "./t.jinja" } });
  const show = async (text: string) => {
    await writeFile(join(job.folder, "t.jinja"), text);
    return inProcess(["show", "job.yaml", "--set", "engine.attach=http://127.0.0.1:9"], job.folder);
  };
  expect((await show(DECISION.replace("a: first,", "a: A,"))).stderr).toContain("would be taken for a letter");
  expect((await show(DECISION.replace(/question: .*\n/, ""))).stderr).toContain("question: is missing");
});
