import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ComparisonDetails } from "../../src/compare/comparison-file.ts";
import { startFake } from "../fixtures/engine/fake-vllm.mjs";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, LABELS, startJudge, TOKENIZER } from "../helpers/job.ts";
import { writeLabelledJob } from "./compared.ts";

const CLASSIFIER = `---
description: Text for a classifier.
format: text
---
{{ prompt }} {{ response_a }} {{ response_b }}
`;
const DECISION = `---
description: A decision for tests.
format: decision
labels: {a: first, b: second, tie: equal}
question: Which is better?
options: {a: the first, b: the second, tie: neither}
---
{{ prompt }} {{ response_a }} {{ response_b }}
`;

test("compares a prompted judge, a decision and a classifier on the same rows: one table, one page, no mass for the classifier", async () => {
  // Labels of the prompts, and the letters A, B and C.
  await using writer = await startJudge({ decisions: "/v1/systemone", labels: [...LABELS, 32, 33, 34] });
  await using reader = await startFake({ classes: ["A", "B", "tie"], modelDir: TOKENIZER });
  const model = await temporaryFolder({});
  await cp(TOKENIZER, model, { recursive: true });
  const id2label = { 0: "A", 1: "B", 2: "tie" };
  await writeFile(
    join(model, "config.json"),
    JSON.stringify({ architectures: ["XForSequenceClassification"], id2label }),
  );
  const variants = {
    prompted: {},
    decision: { template: "./decision.jinja" },
    classifier: {
      template: "./classifier.jinja",
      engine: { kind: "classify", attach: reader.url, tokenizer: model },
    },
  };
  const job = await writeLabelledJob({ engine: attachTo(writer), rows: 40, config: { variants } });
  await writeFile(join(job.folder, "decision.jinja"), DECISION);
  await writeFile(join(job.folder, "classifier.jinja"), CLASSIFIER);

  const { status, stdout, stderr } = await inProcess(["compare", "job.yaml"], job.folder);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toContain("40 rows with 40 prompts, answered by every variant");
  expect(stderr).not.toMatch(/classifier.*label mass is unknown/);
  const mass = stdout.split("\n").find((line) => line.startsWith("Label mass"));
  expect(mass).toMatch(/\d\.\d+ \(.*\) +\d\.\d+ \(.*\) +(none|-|–|—|unknown)/);
  const comparison = JSON.parse(await readFile(join(job.folder, "run/comparison.json"), "utf8")) as ComparisonDetails;
  expect(JSON.stringify(comparison)).toContain('"mass":null');
  const page = await readFile(join(job.folder, "run/comparison.html"), "utf8");
  for (const name of Object.keys(variants)) expect(page).toContain(name);
});
