import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { ladderOf } from "../../src/deadline/run-plan.ts";
import { AbtieError } from "../../src/errors.ts";
import { findClasses } from "../../src/judge/classes.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "abtie-ladder-"));
});
afterEach(() => rm(folder, { recursive: true }));

const HEAD = "input: rows.csv\nengine: {attach: http://127.0.0.1:8000/v1}\n";

async function load(yaml: string) {
  await writeFile(join(folder, "job.yaml"), HEAD + yaml);
  const places = { cwd: folder, packageRoot: resolve("."), home: "/c", python: "/c/python", env: {}, findClasses };
  return loadConfig("job.yaml", [], places);
}

async function problems(yaml: string): Promise<readonly string[]> {
  const error = await load(yaml).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(AbtieError);
  const { message, details } = error as AbtieError;
  return details.length > 0 ? details : [message];
}

test("without one the usual ladder is taken: both orders only with a deadline, the shorter context where it is shorter", async () => {
  const names = async (yaml: string, budget: number) => ladderOf(await load(yaml), budget).map(({ name }) => name);
  const all = ["both-orders", "one-order", "one-order-short", "prior"];
  expect(await names("time: {deadline: 9h}\n", 2046)).toEqual(all);
  expect(await names("orders: both\n", 2046)).toEqual(all);
  expect(await names("", 2046)).toEqual(all.slice(1));
  expect(await names("time: {deadline: 9h}\n", 512)).toEqual(["both-orders", "one-order", "prior"]);
});

test("a ladder of one's own is taken as it is, its prior with the context of the step above", async () => {
  const config = await load(`time:
  deadline: 9h
  ladder:
    - {kind: both-orders}
    - {name: whole, kind: one-order}
    - {name: half, kind: one-order-short, context: 1024}
    - {name: quarter, kind: one-order-short, context: 512}
    - {kind: prior}
`);
  expect(ladderOf(config, 2046)).toEqual([
    { name: "both-orders", kind: "both-orders", tokenBudget: null },
    { name: "whole", kind: "one-order", tokenBudget: null },
    { name: "half", kind: "one-order-short", tokenBudget: 1024 },
    { name: "quarter", kind: "one-order-short", tokenBudget: 512 },
    { name: "prior", kind: "prior", tokenBudget: 512 },
  ]);
  expect(ladderOf(config, 1000).map(({ name }) => name)).toEqual(["both-orders", "whole", "quarter", "prior"]);
});

test("a ladder of shortened rows alone keeps its first step, however little the model takes", async () => {
  const ladder = "{ladder: [{kind: one-order-short, context: 512}, {kind: prior}]}";
  expect(ladderOf(await load(`time: ${ladder}\n`), 400).map(({ kind }) => kind)).toEqual(["one-order-short", "prior"]);
});

test("every problem of a ladder is listed at once, by line, with its key", async () => {
  const found = await problems(`orders: one
time:
  short_context: 256
  ladder:
    - {kind: one-order, context: 900}
    - {kind: both-orders}
    - {name: brief, kind: one-order-short, context: 512}
    - {name: brief, kind: one-order-short, context: 512}
    - {name: none, kind: one-order-short}
`);
  expect(found).toEqual([
    "job.yaml:5:3  time.short_context belongs to the usual ladder; with time.ladder, give each step its context",
    "job.yaml:6:3  time.ladder must end with a step of the kind prior",
    "job.yaml:7:25  time.ladder[0].context is only for the kind one-order-short, not one-order",
    "job.yaml:8:8  time.ladder[1].kind both-orders cannot come after one-order: the best step comes first",
    "job.yaml:8:8  time.ladder[1].kind is both-orders, but orders is one: change one of them",
    'job.yaml:10:8  time.ladder[3].name is "brief", which is the name of an earlier step: each step needs its own',
    "job.yaml:10:44  time.ladder[3].context must be below 512, the context of the step before",
    "job.yaml:11:7  time.ladder[4] needs context: the number of prompt tokens that a row may take on this step",
  ]);
});

test.each([
  ["orders: both\ntime: {ladder: [{kind: one-order}, {kind: prior}]}\n", "needs a step of the kind both-orders"],
  [
    "time: {on_overrun: stop, ladder: [{kind: one-order-short, context: 99}, {kind: prior}]}\n",
    "time.on_overrun is stop, which allows no shortened steps",
  ],
  [
    "time: {ladder: [{kind: one-order, contxt: 9}, {kind: prior}]}\n",
    'contxt is not a known key: did you mean "context"?',
  ],
  ["time: {ladder: [{kind: twice}, {kind: prior}]}\n", "time.ladder[0].kind"],
  ['time: {ladder: [{kind: one-order, name: "7"}, {kind: prior}]}\n', "expected a name that begins with a letter"],
  ["time: {ladder: []}\n", "time.ladder"],
])("refuses %j", async (yaml, expected) => {
  expect((await problems(yaml)).join("\n")).toContain(expected);
});
