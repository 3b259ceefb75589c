import type { Config } from "../../../src/config/config.ts";
import { engineSchema } from "../../../src/config/engine-schema.ts";
import { normalize } from "../../../src/config/normalize.ts";
import { configSchema } from "../../../src/config/schema.ts";
import type { Dataset } from "../../../src/dataset/open-dataset.ts";
import { createLabelScorer } from "../../../src/judge/generative/score.ts";
import type { Judge, JudgeLoader } from "../../../src/judge/judge.ts";
import { CLASSES } from "../../../src/types.ts";
import { LABEL_IDS, LABELS, MAX_MODEL_LEN, promptOf } from "./answers.ts";
import type { JobScenario } from "./scenario.ts";

/** Name of the second judge, and its run folder. */
const SECOND = "large";
export const SECOND_FOLDER = "/job/run/judge-large";
export const RUN_FOLDER = "/job/run";
export const LOCK = `${RUN_FOLDER}/lock`;
export const PRIOR = [0.4, 0.35, 0.25] as const;

/** The ids of a scenario, in the order of its rows. */
export function idsOf({ lengths }: JobScenario): readonly string[] {
  return lengths.map((_, row) => `id-${row}`);
}

/** The config of a start; without `isTimed` it has no deadline. `startedAt`: the first start, ms since 1970. */
export function configOf(scenario: JobScenario, output: string, startedAt: number, isTimed: boolean): Config {
  const { servers, second } = scenario;
  const first = judgeConfig(scenario, { output, run: RUN_FOLDER, servers, name: "server" }, startedAt, isTimed);
  if (second === null) return first;
  const own = { output: `${SECOND_FOLDER}/submission.csv`, run: SECOND_FOLDER, servers: second, name: "second" };
  const escalation = {
    names: ["small", SECOND] as const,
    second: judgeConfig(scenario, own, startedAt, isTimed),
    combination: null,
  };
  return { ...first, escalation };
}

interface JudgeParts {
  readonly output: string;
  readonly run: string;
  readonly servers: JobScenario["servers"];
  /** Name of its servers. */
  readonly name: string;
}

function judgeConfig(
  scenario: JobScenario,
  { output, run, servers, name }: JudgeParts,
  startedAt: number,
  isTimed: boolean,
): Config {
  const { deadlineMs, isDeadlineShared, isSpawned } = scenario;
  const engine = isSpawned
    ? { kind: "spawn", command: "serve", model: "judge", tokenizer: false, replicas: servers.length }
    : { attach: servers.map((_, server) => `http://${name}-${server + 1}`) };
  const deadline = deadlineMs === null ? {} : { deadline: `${deadlineMs}ms` };
  const written = {
    input: "/job/rows.csv",
    output,
    run,
    template: "/job/template.jinja",
    orders: scenario.orders,
    concurrency: scenario.concurrency ?? "auto",
    prompts_per_request: scenario.promptsPerRequest ?? "auto",
    // The last start must succeed, and a request may take longer than the time limit of a scenario.
    request_timeout: isTimed ? `${scenario.requestTimeoutMs}ms` : "1h",
    seed: scenario.seed,
    prior: [...PRIOR],
    time: {
      ...(isTimed ? deadline : {}),
      ...(isTimed && isDeadlineShared ? { started_at: new Date(startedAt).toISOString() } : {}),
      on_overrun: scenario.onOverrun,
    },
  };
  const places = {
    cwd: "/job",
    packageRoot: "/",
    home: "/",
    python: "/python",
    env: {},
    findClasses: async () => CLASSES,
  };
  return normalize(
    configSchema.parse(written),
    { engine: { ...engineSchema.parse(engine), name: "simulated" }, shard: null, classes: CLASSES },
    null,
    "/job",
    places,
  );
}

/** The rows of a scenario as a dataset. */
export function datasetOf(scenario: JobScenario): Dataset {
  const ids = idsOf(scenario);
  const none = { count: 0, lines: [] };
  return {
    path: "/job/rows.csv",
    sha256: "0".repeat(64),
    bytes: 1,
    ids,
    rowBytes: Uint32Array.from(scenario.lengths, (length) => 4 * length),
    unit: "line",
    lines: Uint32Array.from(ids.keys()),
    truth: null,
    tags: null,
    notes: [],
    hasAnswers: true,
    hasPrompts: true,
    labelColumns: [],
    labelNotes: [],
    foundColumns: {},
    slips: [],
    names: [],
    chosen: null,
    readCells: async () => [],
    groups: Uint32Array.from(ids.keys()),
    groupKeys: ids,
    inclusion: null,
    anomalies: new Proxy({} as Dataset["anomalies"], { get: () => none }),
    read: async (index) => {
      const turns = ["text"];
      return { index, id: ids[index] ?? "", prompts: turns, responsesA: turns, responsesB: turns };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A judge whose prompts name row and order; its answers are read by the code that reads the real ones. */
export function judgeLoaderOf({ lengths, isLocal }: JobScenario): JudgeLoader {
  const scorer = createLabelScorer(LABELS);
  const judge: Judge = {
    budget: MAX_MODEL_LEN,
    labels: "A, B, tie",
    unequalLabels: null,
    plainTurns: null,
    doubts: [],
    promptHash: "simulated",
    scorer,
    prepare: async (row, order, tokenBudget) => {
      const whole = lengths[row] ?? 1;
      const length = Math.min(whole, tokenBudget ?? MAX_MODEL_LEN);
      const ids = promptOf(row, order, length);
      return { row, order, tokenBudget, ids, cutTokens: whole - length, neutralised: 0, refusal: null, scorer };
    },
    show: async () => "",
    inspect: () => Promise.reject(new Error("a run inspects no prompt")),
  };
  return {
    template: {
      name: "simulated",
      path: "/job/template.jinja",
      sha256: "1".repeat(64),
      description: "",
      format: "raw",
      labels: { a: ["A"], b: ["B"], tie: ["tie"] },
      answerPrefix: "Answer:",
      nullTurn: null,
      decision: null,
      system: null,
      render: () => "",
    },
    local: isLocal,
    hasMass: true,
    open: async () => judge,
    probe: async () => ({ judge, input: { prompt: promptOf(0, "ab", 8), ids: [...LABEL_IDS] } }),
  };
}
