import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { neverAnsweredFailure } from "../job/failure.ts";
import { judgeWarnings, type Task } from "../judge/judge.ts";
import { openEnginePool } from "../pool/pool.ts";
import { type EngineGroup, groupByEngine, recordForAll } from "./engine-groups.ts";
import { joinJudgeLoaders } from "./joint-judge.ts";
import { refuseLowMass } from "./low-mass.ts";
import { createPrefixMeter, watchPrefixCache } from "./prefix-cache.ts";
import { promptsRowByRow, promptsToRescore, sampleToRescore } from "./prompt-order.ts";
import { rescore } from "./rescore.ts";
import { scorePrompts, type VariantPrompt } from "./score-prompts.ts";
import type { VariantRun } from "./variant-run.ts";

/** The way in which scoring ended. */
export type ScoringEnd = "done" | "interrupted" | "engine-lost";

export interface ScoreOptions {
  /** Folder of the server's log. If there are several engines, each log is in the run folder of a variant. */
  readonly folder: string;
  /** Rows in the order in which they are scored. */
  readonly order: Uint32Array;
  readonly seed: number;
  /** Aborts when the comparison is decided, or the budget of its race used. */
  readonly stopped: AbortSignal;
  /** Returns whether a variant is still scored. */
  readonly isIn: (run: VariantRun) => boolean;
  /** The rows on which only the winner of a race is scored, afterwards; null without a race. `over` ends that early. */
  readonly held: {
    readonly rows: Uint32Array;
    readonly leader: () => VariantRun | null;
    readonly over: AbortSignal;
  } | null;
  /**
   * Called for every prompt that ended, with or without an answer, after its outcome is in the state of its variant.
   */
  readonly onOutcome: (run: VariantRun, task: Task, answered: boolean) => void;
  readonly effects: Effects;
}

/**
 * Scores the missing prompts, one engine after the other, until no prompt is missing or an engine cannot continue. Throws
 * AbtieError("engine") when the labels of a variant get almost no probability, unless `force` is true.
 */
export async function scoreVariants(runs: readonly VariantRun[], options: ScoreOptions): Promise<ScoringEnd> {
  for (const { massWatch } of runs) massWatch.begin();
  await refuseLowMass(runs, []);
  const groups = groupByEngine(runs);
  const { held } = options;
  for (const group of groups) {
    const folder = groups.length === 1 ? options.folder : group[0].folder.path;
    // Only with the last group the winner is known; it may be of an earlier one.
    const end = await scoreGroup(group, { ...options, folder, held: groups.length === 1 ? held : null });
    if (end !== "done") return end;
    for (const { massWatch } of group) massWatch.end();
    await refuseLowMass(group, []);
  }
  const leader = held?.leader() ?? null;
  const own = groups.length === 1 ? undefined : groups.find((group) => leader !== null && group.includes(leader));
  if (own === undefined) return "done";
  return scoreGroup(own, { ...options, folder: own[0].folder.path, order: new Uint32Array() });
}

/**
 * Scores the missing prompts of a group of variants on their engine, then scores a sample again. Opens no engine when
 * no prompt is missing.
 */
async function scoreGroup(group: EngineGroup, options: ScoreOptions): Promise<ScoringEnd> {
  const { order, seed, stopped, isIn, held, onOutcome, effects } = options;
  const { signal, clock } = effects;
  const samples = (): readonly Uint32Array[] =>
    group.map(({ answered, dataset }) => sampleToRescore(dataset.ids.length, seed, answered));
  const missing = (): Iterable<VariantPrompt> => (stopped.aborted ? [] : promptsRowByRow(order, group, isIn));
  const missingHeld = (): Iterable<VariantPrompt> => {
    const leader = held === null || held.over.aborted ? null : held.leader();
    return held === null || leader === null ? [] : promptsRowByRow(held.rows, group, (run) => run === leader);
  };
  if ([missing(), missingHeld(), promptsToRescore(group, samples())].every(isEmpty)) return "done";

  const [{ config }] = group;
  const joint = joinJudgeLoaders(group);
  // Mistakes in templates and labels are found here, before a server is started, because a start takes minutes.
  if (joint.local) await joint.check();
  const began = clock.monotonic();
  try {
    await using pool = await openEnginePool({
      config,
      loader: joint,
      logFolder: options.folder,
      record: (event) => recordForAll(group, event),
      effects,
      signal,
    });
    recordForAll(group, { event: "start-up", at: clock.now(), seconds: (clock.monotonic() - began) / 1000 });
    for (const { folder } of group) await folder.checkModel(pool.model);
    for (const [variant, judge] of pool.judge.entries()) {
      for (const text of judgeWarnings(judge)) effects.log("warn", `${group[variant]?.name}: ${text}`);
    }
    const engine = pool.first();
    recordForAll(group, {
      event: "engine-model",
      at: clock.now(),
      model: pool.model.id,
      version: engine?.version ?? null,
      method: engine?.method ?? "unknown",
    });
    const common = { pool, config, effects };
    const cache = await watchPrefixCache(pool, signal);
    const prefixes = createPrefixMeter(group.length);
    const score = (prompts: Iterable<VariantPrompt>, ended: AbortSignal) =>
      scorePrompts({
        ...common,
        prompts,
        recorders: group.map(({ recorder }) => recorder),
        onPrompt: prefixes.add,
        onRequest: ({ outcomes }) => {
          for (const { task, outcome } of outcomes) onOutcome(group[task.variant] as VariantRun, task, outcome.ok);
        },
        signal: AbortSignal.any([signal, ended, ...group.map(({ massWatch }) => massWatch.stopped)]),
      });
    const raced = await score(missing(), stopped);
    // The winner is chosen when no answer of the race is under way any more.
    const end =
      held === null || raced === "engines-lost" || signal.aborted ? raced : await score(missingHeld(), held.over);
    const cached = await cache.used();
    for (const [variant, run] of group.entries()) {
      const shared = prefixes.shared()[variant];
      if (cached === null || shared === undefined) continue;
      run.recorder.record({ event: "prefix-cache", at: clock.now(), ...cached, ...shared });
    }
    // The results are published before the engine is stopped, because stopping may take long.
    for (const { publisher } of group) await publisher.close();
    if (signal.aborted) return "interrupted";
    if (end === "done") for (const { massWatch } of group) massWatch.end();
    await refuseLowMass(group, pool.judge);
    if (end === "engines-lost") {
      refuseWithoutAnswers(group);
      return "engine-lost";
    }
    const again = await rescore(group, { ...common, samples: samples(), signal });
    if (signal.aborted) return "interrupted";
    return again === "engines-lost" ? "engine-lost" : "done";
  } catch (error) {
    if (signal.aborted) return "interrupted";
    throw error;
  }
}

/** Throws AbtieError("engine") with the last error when the engine was lost before it answered a row of any variant. */
function refuseWithoutAnswers(group: EngineGroup): void {
  if (group.some(({ folder: { state } }) => state.orders.ab.answered + state.orders.ba.answered > 0)) return;
  const lastError = group
    .map(({ recorder }) => recorder.counts.failing?.message ?? null)
    .find((message) => message !== null);
  const failure = {
    end: "engine-lost",
    workMs: null,
    started: true,
    lastStage: null,
    lastError: lastError ?? null,
    logEnd: [],
  } as const;
  const { message, details } = neverAnsweredFailure(failure);
  throw new AbtieError("engine", message, { details });
}

function isEmpty(prompts: Iterable<VariantPrompt>): boolean {
  for (const _ of prompts) return false;
  return true;
}
