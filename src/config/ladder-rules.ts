import type { Objection } from "./problems.ts";
import type { ParsedConfig } from "./schema.ts";

type Ladder = NonNullable<NonNullable<ParsedConfig["time"]>["ladder"]>;
type Step = Ladder[number];

/** The kinds of ladder steps, from best to worst. */
const KINDS: readonly Step["kind"][] = ["both-orders", "one-order", "one-order-short", "prior"];

/** Lists every objection to a ladder: to its steps, to their order, and to conflicts with other keys of the config. */
export function ladderRules({ orders, time }: ParsedConfig): readonly Objection[] {
  const ladder = time?.ladder;
  if (ladder === undefined) return [];
  return [
    ...ladder.flatMap((step, index) => objectionsTo(step, index, ladder).map((one) => inStep(index, one))),
    ...(ladder.at(-1)?.kind === "prior" ? [] : [{ path: LADDER, message: "must end with a step of the kind prior" }]),
    ...conflicts(ladder, orders ?? "auto", time ?? {}),
  ];
}

const LADDER = ["time", "ladder"] as const;

function inStep(index: number, { path, missing, ...objection }: Objection): Objection {
  const from = (key: Objection["path"]): Objection["path"] => [...LADDER, index, ...key];
  return { ...objection, path: from(path), ...(missing === undefined ? {} : { missing: from(missing) }) };
}

function objectionsTo(step: Step, index: number, ladder: Ladder): readonly Objection[] {
  const { kind, context } = step;
  const isShort = kind === "one-order-short";
  const before = ladder[index - 1];
  const objections: (Objection | false)[] = [
    isShort &&
      context === undefined && {
        path: [],
        message: "needs context: the number of prompt tokens that a row may take on this step",
        missing: ["context"],
      },
    !isShort &&
      context !== undefined && { path: ["context"], message: `is only for the kind one-order-short, not ${kind}` },
    ladder.findIndex((other) => nameOf(other) === nameOf(step)) < index && {
      path: ["name"],
      message: `is ${JSON.stringify(nameOf(step))}, which is the name of an earlier step: each step needs its own`,
    },
    before !== undefined && comesWrongly(step, before),
  ];
  return objections.filter((one) => one !== false);
}

function comesWrongly(step: Step, before: Step): Objection | false {
  const by = KINDS.indexOf(step.kind) - KINDS.indexOf(before.kind);
  if (by < 0 || (by === 0 && step.kind !== "one-order-short")) {
    return { path: ["kind"], message: `${step.kind} cannot come after ${before.kind}: the best step comes first` };
  }
  const isNoShorter = by === 0 && (step.context ?? 0) >= (before.context ?? Number.POSITIVE_INFINITY);
  return (
    isNoShorter && { path: ["context"], message: `must be below ${before.context}, the context of the step before` }
  );
}

function conflicts(
  ladder: Ladder,
  orders: NonNullable<ParsedConfig["orders"]>,
  { short_context, on_overrun }: NonNullable<ParsedConfig["time"]>,
): readonly Objection[] {
  const both = ladder.findIndex(({ kind }) => kind === "both-orders");
  const objections: (Objection | false)[] = [
    orders === "one" &&
      both >= 0 && {
        path: [...LADDER, both, "kind"],
        message: "is both-orders, but orders is one: change one of them",
      },
    orders === "both" &&
      both < 0 && { path: LADDER, message: "needs a step of the kind both-orders, because orders is both" },
    short_context !== undefined && {
      path: ["time", "short_context"],
      message: "belongs to the usual ladder; with time.ladder, give each step its context",
    },
    on_overrun === "stop" &&
      !ladder.some(({ kind }) => kind === "both-orders" || kind === "one-order") && {
        path: ["time", "on_overrun"],
        message: "is stop, which allows no shortened steps, but time.ladder has no others",
      },
  ];
  return objections.filter((one) => one !== false);
}

function nameOf({ name, kind }: Step): string {
  return name ?? kind;
}
