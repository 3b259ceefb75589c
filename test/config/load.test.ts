import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import type { Override } from "../../src/config/merge.ts";
import type { Places } from "../../src/config/normalize.ts";
import { AbtieError } from "../../src/errors.ts";
import { findClasses } from "../../src/judge/classes.ts";

let folder: string;
let places: Places;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "abtie-config-"));
  places = { cwd: folder, packageRoot: resolve("."), home: "/cache", python: "/cache/python", env: {}, findClasses };
});
afterEach(() => rm(folder, { recursive: true }));

async function load(yaml: string, overrides: readonly Override[] = []) {
  await writeFile(join(folder, "job.yaml"), yaml);
  return loadConfig("job.yaml", overrides, places);
}

async function problems(yaml: string, overrides: readonly Override[] = []): Promise<string> {
  const error = await load(yaml, overrides).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(AbtieError);
  const { message, details, code } = error as AbtieError;
  expect(code).toBe("config");
  return [message, ...details].join("\n");
}

describe("a config that is right", () => {
  test("gets every default and absolute paths", async () => {
    const config = await load("input: rows.csv\nengine: {attach: http://127.0.0.1:8000/v1}\n");
    expect(config).toMatchObject({
      input: join(folder, "rows.csv"),
      runFolder: join(folder, "runs/job"),
      output: join(folder, "runs/job/submission.csv"),
      engine: { kind: "attach", urls: ["http://127.0.0.1:8000/v1"] },
      prior: [1 / 3, 1 / 3, 1 / 3],
      clip: [0.005, 0.99],
      concurrency: null,
    });
  });

  test("lays the variables of the chat template over those that switch thinking off", async () => {
    const variables = "{enable_thinking: true, reasoning_effort: low}";
    const { engine, date } = await load(
      `input: r.csv\nengine: {attach: http://h:1, chat_template_kwargs: ${variables}}\ndate: 2026-11-28\n`,
    );
    expect(engine.chatTemplateKwargs).toEqual({ enable_thinking: true, thinking: false, reasoning_effort: "low" });
    expect(date).toBe("2026-11-28");
  });

  test("reads durations in milliseconds and one label text as a list", async () => {
    const config = await load(
      "input: r.csv\nengine: {attach: http://h:1}\nrequest_timeout: 1m30s\nlabels: {a: A, b: [B, b], tie: tie}\n",
    );
    expect(config.requestTimeoutMs).toBe(90_000);
    expect(config.labels).toEqual({ a: ["A"], b: ["B", "b"], tie: ["tie"] });
  });

  test("names a shipped engine profile and fills its placeholders", async () => {
    const { engine } = await load("input: r.csv\nengine: cpu-smollm2\n");
    expect(engine).toMatchObject({ kind: "spawn", name: "cpu-smollm2", command: "/cache/python" });
    expect(JSON.stringify(engine)).toContain("/cache/models/SmolLM2-135M-Instruct");
  });

  test("lets keys of the config replace keys of the profile one by one", async () => {
    const { engine } = await load("input: r.csv\nengine: {profile: 2xt4-34b-awq, model: ./yi, port: 8123}\n");
    expect(engine).toMatchObject({ kind: "spawn", model: join(folder, "yi"), port: 8123 });
    expect(engine.kind === "spawn" && engine.args.join(" ")).toContain("--tensor-parallel-size 2");
  });
});

describe("overrides", () => {
  test("a flag beats the environment, and the environment beats the file", async () => {
    const overrides: Override[] = [
      { from: "OPENAI_BASE_URL", set: { engine: { attach: "http://environment:1" } } },
      { from: "--base-url", set: { engine: { attach: "http://flag:1" } } },
    ];
    const yaml = "input: r.csv\nengine: {attach: http://file:1}\n";
    expect((await load(yaml)).engine).toMatchObject({ urls: ["http://file:1"] });
    expect((await load(yaml, overrides.slice(0, 1))).engine).toMatchObject({ urls: ["http://environment:1"] });
    expect((await load(yaml, overrides)).engine).toMatchObject({ urls: ["http://flag:1"] });
  });

  test("keep the other keys of a mapping", async () => {
    const config = await load("input: r.csv\nengine: {attach: http://h:1}\ntime: {deadline: 9h, confidence: 0.95}\n", [
      { from: "--deadline", set: { time: { deadline: "1h" } } },
    ]);
    expect(config.time).toMatchObject({ deadline: "1h", confidence: 0.95 });
  });

  test("a wrong flag is reported under its own name, not under a line of the file", async () => {
    expect(await problems("input: r.csv\n", [{ from: "--limit", set: { limit: -1 } }])).toContain("--limit  limit ");
  });
});

describe("a config that is wrong", () => {
  test("a day that the calendar lacks, and variables that abtie sets itself", async () => {
    expect(await problems("input: r.csv\nengine: {attach: http://h:1}\ndate: 2026-02-30\n")).toMatch(
      /job\.yaml:3:\d+\s+date must be a day of the calendar, but is "2026-02-30"/,
    );
    const reserved = "input: r.csv\nengine:\n  attach: http://h:1\n  chat_template_kwargs: {tools: [], x: 1}\n";
    expect(await problems(reserved)).toMatch(/job\.yaml:4:\d+\s+engine\.chat_template_kwargs\.tools is set by abtie/);
  });

  test("reports a deadline that is none before anything starts, with its place", async () => {
    const text = await problems("input: r.csv\nengine: {attach: http://h:1}\ntime:\n  deadline: 9 hourz\n");
    expect(text).toMatch(/job\.yaml:4:\d+ {2}time\.deadline expected a duration such as "9h".*found "9 hourz"/);
    const flag = [{ from: "--deadline", set: { time: { deadline: "soon" } } }];
    expect(await problems("input: r.csv\nengine: {attach: http://h:1}\n", flag)).toContain("--deadline  time.deadline");
  });

  test("names every problem at once with file, line, column and key", async () => {
    const text = await problems("input: rows.csv\nengnie: cpu-smollm2\nlimit: many\ncolumns:\n  promt: p\nseed: 1.5\n");
    expect(text).toContain("4 problems");
    expect(text).toContain('job.yaml:2:1  engnie is not a known key: did you mean "engine"?');
    expect(text).toContain("job.yaml:3:1  limit expected a number, found a text");
    expect(text).toContain('job.yaml:5:3  columns.promt is not a known key: did you mean "prompt"?');
    expect(text).toContain("job.yaml:6:1  seed ");
  });

  test("suggests keys inside the engine mapping, through the union with a profile name", async () => {
    const text = await problems("input: r.csv\nengine:\n  profile: cpu-smollm2\n  modle: x\n");
    expect(text).toContain('job.yaml:4:3  engine.modle is not a known key: did you mean "model"?');
  });

  test("lists the problems of keys, values, rules, ladder, profile and flags in one round, from top to bottom", async () => {
    await writeFile(join(folder, "mine.yaml"), "kind: spawn\ncomand: x\n");
    const yaml = `seed: many
prior: [0.5, 0.5, 0.5]
limit: 3
limit: 4
colums: {}
time:
  deadline: tomorrow
  confidence: 2
  ladder:
    - {kind: one-order, context: 900}
    - {kind: one-order-short, contxt: 512}
engine: ./mine.yaml
`;
    const text = await problems(yaml, [{ from: "--concurrency", set: { concurrency: -1 } }]);
    expect(text.split("\n").map((line) => line.replace(/^(\S+ {2}\S+).*$/, "$1"))).toEqual([
      "12 problems in the config",
      "job.yaml:1:1  seed",
      "job.yaml:1:1  input",
      "job.yaml:2:1  prior",
      "job.yaml:4:1  is",
      "job.yaml:5:1  colums",
      "job.yaml:7:3  time.deadline",
      "job.yaml:8:3  time.confidence",
      "job.yaml:9:3  time.ladder",
      "job.yaml:10:25  time.ladder[0].context",
      "job.yaml:11:31  time.ladder[1].contxt",
      "--concurrency  concurrency",
      `${join(folder, "mine.yaml")}:2:1  comand`,
    ]);
  });

  test("does not call a key missing that is mistyped or has a wrong value", async () => {
    const text = await problems(
      "input: 5\nengine: {profile: 2xt4-34b-awq, modle: x}\ntime: {deadline: 9, started_at: 2026-01-01}\n",
    );
    expect(text).toContain("3 problems");
    expect(text).not.toContain("missing");
    expect(text).not.toContain("needs time.deadline");
  });

  test("reports where broken YAML breaks", async () => {
    expect(await problems("input: [unclosed\n")).toMatch(/job\.yaml:\d+:\d+ {2}is not valid YAML/);
  });

  test.each([
    [
      "aliases that multiply",
      `a: &a [x, x]\n${bomb}input: *i\n`,
      /1:1 {2}is not valid YAML: its aliases .* more than 100 values/,
    ],
    [
      "an alias inside its own value",
      "engine: {chat_template_kwargs: {x: &a {y: *a}}}\n",
      /an alias .* contains the alias/,
    ],
    ["deep nesting", `input: ${"[".repeat(200_000)}\n`, /is not valid YAML/],
    ["deep blocks", `${"- ".repeat(200_000)}x\n`, /is not valid YAML/],
    ["a file of 5 MB", `# ${"x".repeat(5_000_000)}\n`, /EFBIG/],
  ])("refuses a config that could fill the memory: %s", async (_name, text, expected) => {
    expect(await problems(text)).toMatch(expected);
  });

  test("refuses a prior that does not sum to 1, labels that repeat and a missing input together", async () => {
    const text = await problems("engine: {attach: http://h:1}\nprior: [0.5, 0.5, 0.5]\nlabels: {a: A, b: A, tie: T}\n");
    expect(text).toContain("job.yaml:2:1  prior must sum to 1");
    expect(text).toContain('labels use the text "A" twice');
    expect(text).toContain("input is missing");
  });

  test.each([
    ["{response_a: left, response_b: left}", 'response_a and response_b from one column, "left"'],
    ["{response_a: response_b}", 'response_a and response_b from one column, "response_b"'],
    ["{winner_a: w, winner_tie: w}", 'winner_a and winner_tie from one column, "w"'],
  ])("refuses columns %s, which would read one column twice", async (columns, expected) => {
    expect(await problems(`input: r.csv\nengine: {attach: http://h:1}\ncolumns: ${columns}\n`)).toContain(
      `job.yaml:3:1  columns take ${expected}: each needs a column of its own`,
    );
  });

  test("accepts columns that are named crosswise", async () => {
    const config = await load(
      "input: r.csv\nengine: {attach: http://h:1}\ncolumns: {response_a: response_b, response_b: response_a}\n",
    );
    expect(config.columns).toMatchObject({ responseA: "response_b", responseB: "response_a" });
  });

  test("a second YAML document is refused in words for the user", async () => {
    const text = await problems("input: r.csv\n---\ninput: r.csv\n");
    expect(text).toContain("a second document begins here (---); keep one document in the file");
  });

  test("names the profile that is not there", async () => {
    expect(await problems("input: r.csv\nengine: cpu-smolm2\n")).toContain(
      'job.yaml:2:1  engine.profile is not a shipped engine profile: "cpu-smolm2"',
    );
    expect(await problems("input: r.csv\nengine: {profile: cpu-smolm2, attach: 'http://h'}\n")).toContain(
      'engine.profile is not a shipped engine profile: "cpu-smolm2"',
    );
    expect((await load("input: r.csv\nengine: {profile: cpu-smollm2, attach: 'http://h'}\n")).engine.kind).toBe(
      "attach",
    );
  });

  test("asks for the model when the profile has none", async () => {
    expect(await problems("input: r.csv\nengine: 2xt4-34b-awq\n")).toContain("model is missing");
  });

  test("points into a profile of one's own that is wrong", async () => {
    await writeFile(join(folder, "mine.yaml"), "kind: spawn\ncomand: x\n");
    const text = await problems("input: r.csv\nengine: ./mine.yaml\n");
    expect(text).toContain(`${join(folder, "mine.yaml")}:2:1  comand is not a known key: did you mean "command"?`);
  });

  test("names a config file that is missing", async () => {
    await expect(loadConfig("nothere.yaml", [], places)).rejects.toThrow(/nothere\.yaml \(ENOENT\)/);
  });

  test("refuses a list where a mapping belongs", async () => {
    expect(await problems("- input\n")).toContain("expected a mapping, found a list");
  });
});

/** Ten levels of lists that each hold the one before nine times: 9^9 values. */
const bomb = [..."bcdefghi"]
  .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(", ")}]\n`)
  .join("");
