import { planBudget } from "../../src/deadline/budget.ts";
import type { EngineSettings } from "./engine-model.ts";
import { drawLengths } from "./lengths.ts";
import { createRandom, type Random } from "./random.ts";

/** A job, an engine and its faults; the same for the same seed. Times are ms from the start of the run. */
export interface Scenario {
  readonly seed: number;
  readonly lengths: readonly number[];
  readonly engine: EngineSettings;
  readonly concurrency: number;
  readonly promptsPerRequest: number;
  /** Time of the whole job in one order with full context over the time for scoring. */
  readonly load: number;
  readonly deadlineMs: number;
  /** False when the run has no deadline. */
  readonly isTimed: boolean;
  readonly shortContext: number;
  readonly faults: readonly Fault[];
  /** Rows that no server accepts. */
  readonly poison: ReadonlySet<number>;
}

export type Fault =
  /** The server's process ends; a new one is up after the start-up time, or never. */
  | { readonly kind: "death"; readonly at: number; readonly comesBack: boolean }
  /** Requests fail at once, this share of them. */
  | { readonly kind: "storm"; readonly at: number; readonly ms: number; readonly share: number }
  /** Nothing moves. */
  | { readonly kind: "hang"; readonly at: number; readonly ms: number }
  /** Everything takes so many times as long. */
  | { readonly kind: "slow"; readonly at: number; readonly ms: number; readonly factor: number }
  /** Speed changes evenly until everything takes so many times as long at the deadline. */
  | { readonly kind: "drift"; readonly factor: number };

/** What is drawn; the rest of a scenario follows from the seed. */
export interface ScenarioBounds {
  readonly rows: readonly [number, number];
  readonly minutes: readonly [number, number];
  readonly load: readonly [number, number];
  /** Probability of each kind of fault. */
  readonly faults: Readonly<Record<Fault["kind"], number>>;
  readonly isTimed: boolean;
  /** Deviation of the speed (standard deviation, a share); up to 3 % when left out. */
  readonly deviation?: readonly [number, number];
}

const NO_FAULTS: ScenarioBounds["faults"] = { death: 0, storm: 0, hang: 0, slow: 0, drift: 0 };
const ALL_FAULTS: ScenarioBounds["faults"] = { death: 0.2, storm: 0.2, hang: 0.2, slow: 0.2, drift: 0.2 };

/** Anything may go wrong, with time for a third of the work or for three times as much. */
export const ANYTHING: ScenarioBounds = {
  rows: [200, 2_000],
  minutes: [10, 240],
  load: [0.3, 3],
  faults: ALL_FAULTS,
  isTimed: true,
};

/** The speed does not change later; for the accuracy of forecasts. */
export const STEADY: ScenarioBounds = {
  rows: [2_000, 8_000],
  minutes: [30, 540],
  load: [0.4, 1.2],
  faults: NO_FAULTS,
  isTimed: false,
};

/** The same for jobs of a whole night. */
export const NIGHT: ScenarioBounds = { ...STEADY, rows: [10_000, 25_000], minutes: [270, 540] };

/** The same for small jobs. */
export const SMALL: ScenarioBounds = {
  rows: [60, 500],
  minutes: [2, 60],
  load: [0.4, 1.2],
  faults: NO_FAULTS,
  isTimed: false,
};

/** Small jobs on a machine that others use too. */
export const SHAKY: ScenarioBounds = { ...SMALL, deviation: [0.1, 0.5] };

/** A long night on which everything may happen. */
export const LARGE: ScenarioBounds = {
  rows: [25_000, 25_000],
  minutes: [540, 540],
  load: [0.6, 0.9],
  faults: ALL_FAULTS,
  isTimed: true,
};

/** Draws a scenario. */
export function drawScenario(seed: number, bounds: ScenarioBounds): Scenario {
  const random = createRandom(seed);
  const rows = Math.round(random.logBetween(...bounds.rows));
  const lengths = drawLengths(random, rows);
  const deadlineMs = 60_000 * random.logBetween(...bounds.minutes);
  const load = random.logBetween(...bounds.load);
  const startMs = Math.min(random.between(15_000, 150_000), 0.03 * deadlineMs);
  const { workEndAt } = planBudget(0, deadlineMs);
  const concurrency = Math.round(random.logBetween(4, 64));
  const rowMs = (load * (workEndAt - startMs)) / rows;
  const faults = drawFaults(random, bounds, deadlineMs, startMs);
  return {
    seed,
    lengths,
    concurrency,
    promptsPerRequest: random.chance(0.7) ? 1 : 2,
    load,
    deadlineMs,
    isTimed: bounds.isTimed,
    shortContext: 512,
    faults,
    poison: new Set([...lengths.keys()].filter(() => random.chance(0.0005))),
    engine: {
      ...drawEngine(random, { lengths, concurrency, rowMs, deviation: bounds.deviation ?? [0, 0.03] }),
      startMs,
      ...asSettings(faults, deadlineMs),
    },
  };
}

function drawEngine(
  random: Random,
  {
    lengths,
    concurrency,
    rowMs,
    deviation,
  }: Pick<Scenario, "lengths" | "concurrency"> & {
    readonly rowMs: number;
    readonly deviation: readonly [number, number];
  },
): Omit<EngineSettings, "startMs" | "slowness" | "hangs"> {
  const rows = lengths.length;
  const tokens = lengths.reduce((sum, length) => sum + length, 0) / rows;
  const squares = lengths.reduce((sum, length) => sum + length ** 2, 0) / rows;
  const [perRow, perSquare, perBatch] = [random.between(0, 0.3), random.between(0, 0.15), random.between(0, 0.3)];
  const batchTokens = random.chance(0.5) ? 2_048 : 8_192;
  const rowsPerBatch = Math.min(concurrency, batchTokens / tokens);
  return {
    rowMs: perRow * (1 - perBatch) * rowMs,
    batchMs: perRow * perBatch * rowMs * rowsPerBatch,
    tokenMs: ((1 - perRow - perSquare) * rowMs) / tokens,
    squareMs: (perSquare * rowMs) / squares,
    batchTokens,
    noise: random.logBetween(0.005, 0.08),
    deviation: random.between(...deviation),
    deviationMs: random.logBetween(10_000, 600_000),
    firstMs: random.between(0, 35_000),
    warmUpShare: random.between(0, 0.6),
    warmUpMs: random.between(1_000, 15_000),
  };
}

function drawFaults(random: Random, { faults }: ScenarioBounds, deadlineMs: number, startMs: number): Fault[] {
  const at = (): number => random.between(startMs, deadlineMs);
  const drawn: (Fault | false)[] = [
    random.chance(faults.death) && { kind: "death", at: at(), comesBack: random.chance(0.7) },
    random.chance(faults.death / 2) && { kind: "death", at: at(), comesBack: true },
    random.chance(faults.storm) && {
      kind: "storm",
      at: at(),
      ms: random.logBetween(0.002, 0.1) * deadlineMs,
      share: random.chance(0.5) ? 1 : random.between(0.2, 0.9),
    },
    random.chance(faults.hang) && { kind: "hang", at: at(), ms: random.logBetween(0.002, 0.1) * deadlineMs },
    random.chance(faults.slow) && {
      kind: "slow",
      at: at(),
      ms: random.chance(0.5) ? random.logBetween(0.01, 0.3) * deadlineMs : deadlineMs,
      factor: random.chance(0.3) ? 10 : random.between(1.2, 4),
    },
    random.chance(faults.drift) && { kind: "drift", factor: random.between(0.7, 1.5) },
  ];
  return drawn.filter((fault) => fault !== false);
}

/** The faults that the engine model itself shows. */
function asSettings(faults: readonly Fault[], deadlineMs: number): Pick<EngineSettings, "slowness" | "hangs"> {
  const slows = faults.filter((fault) => fault.kind === "slow");
  const drift = faults.find((fault) => fault.kind === "drift")?.factor ?? 1;
  return {
    hangs: faults.filter((fault) => fault.kind === "hang"),
    slowness: (now) => {
      const active = slows.filter(({ at, ms }) => now >= at && now < at + ms);
      return active.reduce((factor, slow) => factor * slow.factor, 1 + (drift - 1) * Math.min(1, now / deadlineMs));
    },
  };
}
