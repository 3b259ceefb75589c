import { sum } from "../numbers/sums.ts";
import { checkDeadline } from "./deadline.ts";
import { ladderRules } from "./ladder-rules.ts";
import { formatKey, type Problem } from "./problems.ts";
import type { ParsedConfig } from "./schema.ts";

type Rule = (config: ParsedConfig) => readonly { path: readonly PropertyKey[]; message: string }[];

/** Rules that span more than one value; each returns what it objects to. */
const RULES: readonly Rule[] = [
  inputIsGiven,
  priorSumsToOne,
  clipIsARange,
  labelsDiffer,
  deadlineIsATime,
  startNeedsDeadline,
  ladderRules,
];

/** Checks every cross-field rule and reports all that fail. */
export function checkRules(config: ParsedConfig, locate: (key: readonly PropertyKey[]) => string): readonly Problem[] {
  return RULES.flatMap((rule) => rule(config)).map(({ path, message }) => ({
    where: locate(path),
    key: formatKey(path),
    message,
  }));
}

function inputIsGiven(config: ParsedConfig): ReturnType<Rule> {
  if (config.input !== undefined) return [];
  return [{ path: ["input"], message: "is missing: name the CSV file of the rows here or with -i FILE" }];
}

function priorSumsToOne({ prior }: ParsedConfig): ReturnType<Rule> {
  const total = prior === undefined ? 1 : sum(prior);
  if (Math.abs(total - 1) <= 1e-3) return [];
  return [{ path: ["prior"], message: `must sum to 1 ([a, b, tie]), but sums to ${total.toFixed(4)}` }];
}

function clipIsARange({ clip }: ParsedConfig): ReturnType<Rule> {
  if (clip === undefined || (clip[0] < 1 / 3 && clip[1] > 1 / 3)) return [];
  return [{ path: ["clip"], message: `must be [low, high] around 1/3, for example [0.005, 0.99], but is [${clip}]` }];
}

function labelsDiffer({ labels }: ParsedConfig): ReturnType<Rule> {
  if (labels === undefined) return [];
  const all = [...labels.a, ...labels.b, ...labels.tie];
  const twice = all.find((text, index) => all.indexOf(text) !== index);
  if (twice === undefined) return [];
  return [{ path: ["labels"], message: `use the text ${JSON.stringify(twice)} twice: each label needs its own` }];
}

function deadlineIsATime({ time }: ParsedConfig): ReturnType<Rule> {
  const message = time?.deadline === undefined ? null : checkDeadline(time.deadline);
  return message === null ? [] : [{ path: ["time", "deadline"], message }];
}

function startNeedsDeadline({ time }: ParsedConfig): ReturnType<Rule> {
  const startedAt = time?.started_at;
  if (startedAt === undefined) return [];
  if (Number.isNaN(Date.parse(startedAt))) {
    return [{ path: ["time", "started_at"], message: `must be an ISO date and time, but is "${startedAt}"` }];
  }
  if (time?.deadline !== undefined) return [];
  return [{ path: ["time", "started_at"], message: "needs time.deadline: without it there is nothing to count" }];
}
