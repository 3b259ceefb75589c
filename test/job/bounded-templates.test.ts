import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { abtie } from "../helpers/abtie.ts";
import { attachTo, CHAT_TEMPLATE, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { expectValid } from "../helpers/results.ts";

const LOOPS: readonly (readonly [name: string, text: string, problem: RegExp])[] = [
  [
    "a range of a thousand million",
    "{% for i in range(1000000000) %}{% endfor %}",
    /range\(1000000000\) has more than/,
  ],
  [
    "nested loops",
    "{% for i in range(9999) %}{% for j in range(9999) %}{{ i }}{% endfor %}{% endfor %}",
    /more than [\d,]+ steps/,
  ],
  [
    "100 MB of output",
    "{% set ns = namespace(x='0123456789') %}{% for i in range(24) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    /more than 20,000,000 characters/,
  ],
];

test.each(LOOPS)(
  "the job's template: exit 2 with file and limit before anything is sent: %s",
  async (_name, loop, problem) => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge) });
    await writeFile(join(job.folder, "template.jinja"), CHAT_TEMPLATE + loop);
    const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(problem);
    expect(run.stderr).toMatch(/template\.jinja:\d+: the template cannot be rendered/);
    expect(judge.stats.prompts).toBe(0);
  },
);

test.each(LOOPS)("the model's chat template: exit 2 with file and limit: %s", async (_name, loop, problem) => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: { ...attachTo(judge), tokenizer: "./model" } });
  const model = join(job.folder, "model");
  await cp(TOKENIZER, model, { recursive: true });
  const chat = await readFile(join(model, "chat_template.jinja"), "utf8");
  await writeFile(join(model, "chat_template.jinja"), chat + loop);
  await writeFile(join(job.folder, "template.jinja"), CHAT_TEMPLATE);
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(run.status).toBe(2);
  expect(run.stderr).toMatch(problem);
  expect(run.stderr).toMatch(/chat_template\.jinja(:\d+)?: the chat template cannot be rendered/);
  expect(judge.stats.prompts).toBe(0);
});

test("a template that loops for one row alone: exit 2, and a complete file", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 100 });
  const rows = job.ids.map((id, i) => [id, i === 60 ? "boom" : "why", "a text", "another"]);
  await writeFile(join(job.folder, "rows.csv"), stringify([["id", "prompt", "response_a", "response_b"], ...rows]));
  const loop = `{% if 'boom' in prompt %}${LOOPS[1]?.[1]}{% endif %}`;
  await writeFile(join(job.folder, "template.jinja"), CHAT_TEMPLATE + loop);
  const run = await abtie(["run", "job.yaml"], { cwd: job.folder });
  expect(run.status).toBe(2);
  expect(run.stderr).toMatch(/template\.jinja:\d+: the template cannot be rendered: it needs more than/);
  expectValid(job.submission, job.ids);
});
