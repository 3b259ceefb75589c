import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import type { Override } from "../../src/config/merge.ts";
import type { Places } from "../../src/config/normalize.ts";
import { AbtieError } from "../../src/errors.ts";
import { findClasses } from "../../src/judge/classes.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const TWO = `input: rows.csv
calibration: both.json
engine: {tokenizer: ./tok}
judges:
  quick:
    engine: {attach: "http://127.0.0.1:8001"}
  careful:
    engine: {attach: "http://127.0.0.1:8002"}
    template: ./careful.jinja
    context: 900
`;
const TEMPLATE = '---\ndescription: d\nformat: raw\nlabels: {a: " A", b: " B", tie: " tie"}\n---\n{{ prompt }}\n';

async function load(yaml: string, overrides: readonly Override[] = []) {
  const folder = await temporaryFolder({ "job.yaml": yaml, "careful.jinja": TEMPLATE });
  const places: Places = {
    cwd: folder,
    packageRoot: resolve("."),
    home: "/cache",
    python: "/cache/python",
    env: {},
    findClasses,
  };
  return { folder, config: await loadConfig("job.yaml", overrides, places) };
}

async function problems(yaml: string): Promise<readonly string[]> {
  const error = await load(yaml).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(AbtieError);
  const { message, details } = error as AbtieError;
  return details.length === 0 ? [message] : details;
}

test("lays the keys of each judge over the common ones, and gives the second a run folder inside that of the run", async () => {
  const { folder, config } = await load(TWO);
  expect(config).toMatchObject({
    runFolder: join(folder, "runs/job"),
    engine: { urls: ["http://127.0.0.1:8001"], tokenizer: join(folder, "tok") },
    context: null,
    calibration: null,
    escalation: {
      names: ["quick", "careful"],
      combination: join(folder, "both.json"),
      second: {
        input: join(folder, "rows.csv"),
        runFolder: join(folder, "runs/job/judge-careful"),
        output: join(folder, "runs/job/judge-careful/submission.csv"),
        engine: { urls: ["http://127.0.0.1:8002"], tokenizer: join(folder, "tok") },
        template: join(folder, "careful.jinja"),
        context: 900,
        calibration: null,
        escalation: null,
      },
    },
  });
});

test("lets the keys of a judge win over the environment, and flags over both", async () => {
  const fromEnv: Override = {
    from: "OPENAI_BASE_URL",
    set: { engine: { attach: "http://127.0.0.1:9" } },
    yields: true,
  };
  const { config } = await load(TWO, [fromEnv, { from: "--context", set: { context: 512 } }]);
  expect(config.engine).toMatchObject({ urls: ["http://127.0.0.1:8001"] });
  expect(config.escalation?.second).toMatchObject({ context: 512, engine: { urls: ["http://127.0.0.1:8002"] } });
});

test("names the line and the key of every problem of both judges at once", async () => {
  const yaml = TWO.replace("input: rows.csv\n", "")
    .replace("template: ./careful.jinja", "template: ruls")
    .replace("context: 900", "contex: 900\n    orders: one");
  const found = await problems(yaml);
  expect(found).toHaveLength(4);
  expect(found[0]).toMatch(/^job.yaml:\d+:\d+ {2}input is missing/);
  expect(found[1]).toMatch(/^job.yaml:8:5 {2}judges.careful.template is not a shipped template: "ruls"/);
  expect(found[2]).toMatch(/^job.yaml:9:5 {2}judges.careful.contex .*context/);
  expect(found[3]).toMatch(/^job.yaml:10:5 {2}judges.careful.orders /);
});

test.each([
  ["three judges", `${TWO}  third: {context: 100}\n`, /judges must name two judges, .* names 3: quick, careful, third/],
  ["one judge", "input: r.csv\njudges:\n  one: {}\n", /judges must name two judges, .* names 1: one/],
  ["no judge", "input: r.csv\njudges: {}\n", /judges must name two judges, .* names none/],
  ["variants beside", `${TWO}variants: {a: {}}\n`, /judges are for `abtie run`, and `variants` for `abtie compare`/],
  [
    "the same judge twice",
    TWO.replace("8002", "8001").replace("    template: ./careful.jinja\n    context: 900\n", ""),
    /judges are the same judge twice/,
  ],
  ["a name that no folder can have", TWO.replace("careful:", "a/b:"), /judges.a\/b .*begins with a letter/],
  [
    "judges of different classes",
    TWO.replace("context: 900", 'labels: {a: " A", b: " B"}'),
    /judges judge different classes/,
  ],
  [
    "a kept server that must make room",
    TWO.replace('attach: "http://127.0.0.1:8001"', "command: vllm, model: ./m, keep: 10m").replace(
      'attach: "http://127.0.0.1:8002"',
      "command: vllm, model: ./n",
    ),
    /judges have engines that abtie starts.*remove `engine.keep`/,
  ],
])("refuses %s, and says what holds", async (_, yaml, expected) => {
  const found = await problems(yaml);
  expect(found.filter((line) => expected.test(line))).toHaveLength(1);
});
