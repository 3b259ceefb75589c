import { sum } from "../numbers/sums.ts";
import type { Classes } from "../types.ts";
import { namedColumns } from "./columns.ts";
import { deadlineProblem } from "./deadline.ts";
import { ladderRules } from "./ladder-rules.ts";
import { outputProblem } from "./output.ts";
import type { Objection } from "./problems.ts";
import type { ParsedConfig } from "./schema.ts";

type Rule = (config: ParsedConfig, classes: Classes) => readonly Objection[];

/** The rules that the schema cannot express: rules about one value, and rules about several values together. */
const RULES: readonly Rule[] = [
  inputIsGiven,
  outputIsWritable,
  priorFitsClasses,
  priorSumsToOne,
  clipIsARange,
  labelsDiffer,
  columnsDiffer,
  deadlineIsATime,
  startNeedsDeadline,
  dateExists,
  ladderRules,
  judgesAreTwo,
];

/** Checks every rule and returns all objections. `classes` are those of the judge. */
export function checkRules(config: ParsedConfig, classes: Classes): readonly Objection[] {
  return RULES.flatMap((rule) => rule(config, classes));
}

function inputIsGiven(config: ParsedConfig): readonly Objection[] {
  if (config.input !== undefined) return [];
  return [{ path: ["input"], message: "is missing: name the file with the rows here or with -i FILE" }];
}

function outputIsWritable(config: ParsedConfig): readonly Objection[] {
  const problem = outputProblem(config);
  return problem === null ? [] : [{ path: ["output", ...problem.keys], message: problem.message }];
}

function priorFitsClasses({ prior }: ParsedConfig, classes: Classes): readonly Objection[] {
  if (prior === undefined || prior.length === classes.length) return [];
  const found = `but has ${prior.length}: the template has ${classes.length === 2 ? "no label for a tie" : "a label for the tie too"}`;
  return [{ path: ["prior"], message: `must have ${classes.length} numbers, [${classes.join(", ")}], ${found}` }];
}

function priorSumsToOne({ prior }: ParsedConfig): readonly Objection[] {
  const total = prior === undefined ? 1 : sum(prior);
  if (Math.abs(total - 1) <= 1e-3) return [];
  const names = prior?.length === 2 ? "[a, b]" : "[a, b, tie]";
  return [{ path: ["prior"], message: `must sum to 1 (${names}), but sums to ${total.toFixed(4)}` }];
}

function clipIsARange({ clip }: ParsedConfig, { length }: Classes): readonly Objection[] {
  if (clip === undefined || (clip[0] < 1 / length && clip[1] > 1 / length)) return [];
  const message = `must be [low, high] around 1/${length}, for example [0.005, 0.99], but is [${clip}]`;
  return [{ path: ["clip"], message }];
}

function labelsDiffer({ labels }: ParsedConfig): readonly Objection[] {
  if (labels === undefined) return [];
  const all = [...labels.a, ...labels.b, ...(labels.tie ?? [])];
  const twice = all.find((text, index) => all.indexOf(text) !== index);
  if (twice === undefined) return [];
  return [
    { path: ["labels"], message: `use the text ${JSON.stringify(twice)} twice: each label needs a text of its own` },
  ];
}

/** Two answers, or two weights, from one column would judge or count one thing twice, in every row and without an error. */
function columnsDiffer({ columns = {} }: ParsedConfig): readonly Objection[] {
  const { responseA: response_a, responseB: response_b, labels } = namedColumns(columns);
  const [winner_a, winner_b, winner_tie] = labels;
  const groups = [
    { response_a, response_b },
    { winner_a, winner_b, winner_tie },
  ];
  return groups.flatMap((group) => {
    const named: readonly (readonly [string, string])[] = Object.entries(group);
    const twice = named.find(([, name], index) => named.findIndex(([, other]) => other === name) !== index);
    if (twice === undefined) return [];
    const keys = named.filter(([, name]) => name === twice[1]).map(([key]) => key);
    return [
      {
        path: ["columns"],
        message: `take ${keys.join(" and ")} from one column, ${JSON.stringify(twice[1])}: each needs a column of its own`,
      },
    ];
  });
}

function deadlineIsATime({ time }: ParsedConfig): readonly Objection[] {
  const message = time?.deadline === undefined ? null : deadlineProblem(time.deadline);
  return message === null ? [] : [{ path: ["time", "deadline"], message }];
}

function startNeedsDeadline({ time }: ParsedConfig): readonly Objection[] {
  const startedAt = time?.started_at;
  if (startedAt === undefined) return [];
  if (Number.isNaN(Date.parse(startedAt))) {
    return [{ path: ["time", "started_at"], message: `must be an ISO date and time, but is "${startedAt}"` }];
  }
  if (time?.deadline !== undefined) return [];
  const message = "needs time.deadline: without it there is nothing to count";
  return [{ path: ["time", "started_at"], message, missing: ["time", "deadline"] }];
}

function dateExists({ date }: ParsedConfig): readonly Objection[] {
  if (date === undefined) return [];
  const time = Date.parse(`${date}T00:00:00Z`);
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(date)) return [];
  return [{ path: ["date"], message: `must be a day of the calendar, but is "${date}"` }];
}

function judgesAreTwo({ judges, variants, shard }: ParsedConfig): readonly Objection[] {
  if (judges === undefined) return [];
  const names = Object.keys(judges);
  const count =
    names.length === 2
      ? []
      : [
          `must name two judges, of which the first judges every row and the second a part of them, but ${namesText(names)}`,
        ];
  const beside =
    variants === undefined
      ? []
      : ["are for `abtie run`, and `variants` for `abtie compare`: write them into two config files"];
  const shards =
    shard === undefined
      ? []
      : ["cannot be divided into shards yet: judge all rows in one run, or give each shard one judge"];
  return [...count, ...beside, ...shards].map((message) => ({ path: ["judges"], message }));
}

function namesText(names: readonly string[]): string {
  return names.length === 0 ? "names none" : `names ${names.length}: ${names.join(", ")}`;
}
