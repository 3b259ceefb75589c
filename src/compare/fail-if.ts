import { AbtieError } from "../errors.ts";
import { formatFixed } from "../format.ts";
import type {
  AgreementData,
  ComparisonBase,
  ComparisonData,
  PairAgreement,
  VariantBase,
} from "../report/data/comparison-data.ts";
import { judgedLoss } from "../report/text/comparison-verdict.ts";

/** A condition under which a comparison fails, and its limit; null for a condition without limit. */
export interface FailIf {
  readonly name: ConditionName;
  readonly limit: number | null;
}

/** A condition that was checked. */
export interface CheckedCondition {
  /** The condition as it was written. */
  readonly condition: string;
  readonly holds: boolean;
  /** Why it holds, one sentence each without a full stop; empty when it does not hold. */
  readonly reasons: readonly string[];
}

/** The finding of a condition: its reasons to hold. */
type Check<T> = (report: T, limit: number) => readonly string[];
type AnyReport = ComparisonBase & { readonly variants: readonly VariantBase[] };

type Condition = { readonly meaning: string; readonly hasLimit: boolean } & (
  | { readonly needs: "labels"; readonly check: Check<ComparisonData> }
  | { readonly needs: "deadline" | "both orders" | null; readonly check: Check<AnyReport> }
);

/** The conditions. They are a closed set, so that a typing mistake never makes a check pass. */
const CONDITIONS = {
  worse: {
    meaning: "a variant is shown to be worse than the first",
    hasLimit: false,
    needs: "labels",
    check: ({ pairs, variants }) =>
      pairs
        .filter(({ first, better }) => first === variants[0]?.name && better === "first")
        .map(({ sentence }) => sentence),
  },
  "not-better": {
    meaning: "no variant is shown to be better than the first",
    hasLimit: false,
    needs: "labels",
    check: ({ pairs, variants }) => {
      const own = pairs.filter(({ first }) => first === variants[0]?.name);
      return own.some(({ better }) => better === "second") ? [] : own.map(({ sentence }) => sentence);
    },
  },
  "no-better-than-prior": {
    meaning: "a variant is not shown to be better than the class prior",
    hasLimit: false,
    needs: "labels",
    check: ({ variants }) =>
      variants
        .filter(({ gainOverPrior: { low } }) => low === null || low <= 0)
        .map(({ name }) => `${name} is not shown to be better than the class prior`),
  },
  "log-loss-above": {
    meaning: "the log loss of a variant is above the limit (nats; calibrated, where it is known)",
    hasLimit: true,
    needs: "labels",
    check: ({ variants }, limit) =>
      variants.flatMap((one) => above(`the log loss of ${one.name}`, judgedLoss(one).value, limit)),
  },
  "accuracy-below": {
    meaning: "the accuracy of a variant is below the limit (0 to 1)",
    hasLimit: true,
    needs: "labels",
    check: ({ variants }, limit) =>
      variants.flatMap(({ name, raw, calibrated }) =>
        below(`the accuracy of ${name}`, (calibrated ?? raw).accuracy.value, limit),
      ),
  },
  "too-slow": {
    meaning: "the job of a variant does not fit the deadline",
    hasLimit: false,
    needs: "deadline",
    check: ({ variants }) =>
      variants.flatMap(({ name, fits }) => (fits === false ? [`the job of ${name} does not fit the deadline`] : [])),
  },
  "flip-rate-above": {
    meaning: "the verdicts of a variant change with the order of the answers in a larger share of the rows (0 to 1)",
    hasLimit: true,
    needs: "both orders",
    check: ({ variants }, limit) =>
      variants.flatMap(({ name, flipRate }) => above(`the flip rate of ${name}`, flipRate?.value ?? null, limit)),
  },
  "label-mass-below": {
    meaning: "the median label mass of a variant is below the limit (0 to 1)",
    hasLimit: true,
    needs: null,
    check: ({ variants }, limit) =>
      variants.flatMap(({ name, mass }) => below(`the median label mass of ${name}`, mass?.median ?? null, limit)),
  },
  "agreement-below": {
    meaning: "a pair has the same verdict on a smaller share of the rows (0 to 1)",
    hasLimit: true,
    needs: null,
    check: ({ agreement }, limit) =>
      agreement.flatMap((pair) => below(`the agreement of ${named(pair)}`, pair.share.value, limit)),
  },
  "kappa-below": {
    meaning: "the kappa of a pair is below the limit",
    hasLimit: true,
    needs: null,
    check: ({ agreement }, limit) =>
      agreement.flatMap((pair) => below(`the kappa of ${named(pair)}`, pair.kappa?.value ?? null, limit)),
  },
} as const satisfies Readonly<Record<string, Condition>>;

type ConditionName = keyof typeof CONDITIONS;

/** Lists the conditions as they are written, each with its meaning. */
export const CONDITION_LIST: readonly (readonly [written: string, meaning: string])[] = Object.entries(CONDITIONS).map(
  ([name, { hasLimit, meaning }]) => [hasLimit ? `${name}=X` : name, meaning] as const,
);

/** Reads a condition such as "worse" or "kappa-below=0.6"; null when it is none. */
export function parseFailIf(text: string): FailIf | null {
  const [name = "", written, more] = text.trim().split("=");
  if (!isCondition(name) || more !== undefined) return null;
  if (!CONDITIONS[name].hasLimit) return written === undefined ? { name, limit: null } : null;
  const limit = written === undefined || written.trim() === "" ? Number.NaN : Number(written);
  return Number.isFinite(limit) ? { name, limit } : null;
}

function isCondition(name: string): name is ConditionName {
  return Object.hasOwn(CONDITIONS, name);
}

/**
 * Refuses conditions that this comparison could never check, before any row is scored. Throws AbtieError("config") with
 * what is missing.
 */
export function refuseFailIf(
  conditions: readonly FailIf[],
  has: { readonly labels: boolean; readonly deadline: boolean; readonly bothOrders: boolean },
): void {
  const remedies = {
    labels: has.labels ? null : "labels: name a labelled file with -i",
    deadline: has.deadline ? null : "a deadline: give --deadline",
    "both orders": has.bothOrders ? null : "both orders of the answers in every variant: set orders: both",
  } as const;
  for (const { name } of conditions) {
    const { needs } = CONDITIONS[name];
    const remedy = needs === null ? null : remedies[needs];
    if (remedy !== null) throw new AbtieError("config", `--fail-if ${name} needs ${remedy}`);
  }
}

/** Checks conditions. A value that is not known, such as the label mass of some servers, makes its condition hold. */
export function checkFailIf(
  conditions: readonly FailIf[],
  report: ComparisonData | AgreementData,
): readonly CheckedCondition[] {
  return conditions.map(({ name, limit }) => {
    const condition: Condition = CONDITIONS[name];
    const reasons =
      condition.needs !== "labels"
        ? condition.check(report, limit ?? 0)
        : report.kind === "scores"
          ? condition.check(report, limit ?? 0)
          : ["the rows have no labels"];
    return { condition: limit === null ? name : `${name}=${limit}`, holds: reasons.length > 0, reasons };
  });
}

function above(what: string, value: number | null, limit: number): readonly string[] {
  if (value === null) return [`${what} is not known`];
  return value > limit ? [`${what} is ${formatFixed(value, 4)}, above ${limit}`] : [];
}

function below(what: string, value: number | null, limit: number): readonly string[] {
  if (value === null) return [`${what} is not known`];
  return value < limit ? [`${what} is ${formatFixed(value, 4)}, below ${limit}`] : [];
}

function named({ first, second }: PairAgreement): string {
  return `${first} and ${second}`;
}
