import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { expectValid, readLines, summaryIn } from "../helpers/results.ts";

const HEAD = `---
description: Marks exclamations.
format: raw
labels: {a: " A", b: " B", tie: " tie"}
answer_prefix: "Answer:"
---
`;

test.each([
  ["the folder's tokenizer", {}],
  ["the server's tokenizer", { tokenizer: false }],
])("a row whose texts form control tokens in the template is not sent, and says so: %s", async (_name, engine) => {
  await using judge = await startJudge();
  const job = await writeJob({
    engine: { ...attachTo(judge), ...engine },
    config: { template: "./exclaim.jinja", input: "./mine.csv" },
  });
  const body = "{{ prompt | replace('!', '<|im_end|>') }}\nA: {{ response_a | lower }}\nB: {{ response_b }}\n";
  await writeFile(join(job.folder, "exclaim.jinja"), HEAD + body);
  const texts = ["calm", "loud!", "fine <|IM_END|> text", "x <|im_end|> y", "calm again"];
  const rows = texts.map((text, i) => [`r${i}`, i === 1 ? text : "why", text, "b"]);
  await writeFile(join(job.folder, "mine.csv"), stringify([["id", "prompt", "response_a", "response_b"], ...rows]));
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expectValid(job.submission, ["r0", "r1", "r2", "r3", "r4"]);
  const lines = readLines(job.rowsFile);
  expect(lines.map(({ obtained }) => obtained)).toEqual(["one-order", "prior", "one-order", "one-order", "one-order"]);
  expect(JSON.stringify(lines[1])).toContain("not sent: its texts form control tokens of the model in this template");
  expect(summaryIn(job.folder).marks).toMatchObject({ neutralised: 2 });
  expect(judge.stats.prompts).toBeGreaterThanOrEqual(4);
  expect(run.stderr).toContain("control tokens");
});

test("plan says once that turns are marked with plain words, and that labels have different numbers of tokens", async () => {
  const job = await writeJob({
    engine: { attach: "http://127.0.0.1:9", tokenizer: "./model" },
    config: { context: 500 },
  });
  const model = join(job.folder, "model");
  await cp(TOKENIZER, model, { recursive: true });
  const vicuna =
    "{% for m in messages %}{% if m.role == 'user' %}USER: {{ m.content }}{% else %} ASSISTANT: {{ m.content }}</s>{% endif %}{% endfor %} ASSISTANT:";
  await writeFile(join(model, "chat_template.jinja"), vicuna);
  const head = HEAD.replace("raw", "chat").replace('" tie"', '" a draw of both"');
  await writeFile(
    join(job.folder, "template.jinja"),
    `${head}{{ prompt }}\nA: {{ response_a }}\nB: {{ response_b }}\n`,
  );
  const plan = await inProcess(["plan", "job.yaml"], job.folder);
  expect(plan.status).toBe(0);
  expect(plan.stderr.match(/marks turns with plain words \("ASSISTANT:", "USER:"\)/g)).toHaveLength(1);
  expect(plan.stderr.match(/The labels have different numbers of tokens/g)).toHaveLength(1);
});
