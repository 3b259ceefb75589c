import { join } from "node:path";
import { AbtieError } from "../errors.ts";
import { isRecord } from "../files/json-shape.ts";
import { type ConfigSource, checkConfig } from "./check-config.ts";
import type { Config } from "./config.ts";
import { engineKey } from "./engine-key.ts";
import { mergeOverrides, type Override } from "./merge.ts";
import type { Places } from "./normalize.ts";
import type { Path, Place, Problem } from "./problems.ts";

/** One of two judges as a person wrote it. */
interface WrittenJudge {
  readonly name: string;
  /** The keys that replace those of the file. */
  readonly set: Readonly<Record<string, unknown>>;
}

type WrittenJudges = readonly [WrittenJudge, WrittenJudge];

/** Finds the two judges of a config; null when it names none, or not two mappings, which the schema and the rules then refuse. */
export function judgesIn(written: unknown): WrittenJudges | null {
  const judges = isRecord(written) ? written["judges"] : undefined;
  if (!isRecord(judges)) return null;
  const [first, second, ...others] = Object.entries(judges).map(([name, set]) =>
    isRecord(set) ? { name, set } : null,
  );
  return first && second && others.length === 0 ? [first, second] : null;
}

/** A config with two judges as it was written, before it is checked. */
interface WrittenPair {
  readonly written: unknown;
  readonly judges: WrittenJudges;
  readonly overrides: readonly Override[];
}

interface CheckedJudges {
  readonly config: Config | null;
  readonly problems: readonly Problem[];
}

/** Checks a config with two judges, each with its own keys laid over the others, and lists the problems of both. */
export async function checkJudges(pair: WrittenPair, source: ConfigSource, places: Places): Promise<CheckedJudges> {
  const { judges } = pair;
  const [one, other] = [await checkOne(pair, 0, source, places), await checkOne(pair, 1, source, places)];
  const problems = withoutRepeated([
    ...(await keyProblems(pair, source, places)),
    ...one.problems.map((problem) => inJudge(problem, judges[0], source)),
    ...other.problems.map((problem) => inJudge(problem, judges[1], source)),
  ]);
  if (problems.length > 0 || one.config === null || other.config === null) return { config: null, problems };
  const place = source.placeOf(["judges"]);
  const unfit = unfitPair(one.config, other.config).map((message): Problem => ({ path: ["judges"], message, place }));
  const config = joinJudges([judges[0].name, judges[1].name], one.config, other.config);
  return { config: unfit.length === 0 ? config : null, problems: unfit };
}

/** Which of two judges a command works with that works with one. */
export interface JudgeChoice {
  /** The name that a person gave; null: the first. */
  readonly name: string | null;
  /** Is told the judge that is taken and the other one, if the config has two. */
  readonly onChosen?: ((taken: string, other: string) => void) | undefined;
}

/**
 * Checks the chosen one of two judges alone: flags are laid over no other, so that they need not fit both. Throws AbtieError("config")
 * for a name that no judge has.
 */
export async function checkChosen(
  pair: WrittenPair,
  { name, onChosen }: JudgeChoice,
  source: ConfigSource,
  places: Places,
): Promise<CheckedJudges> {
  const [first, second] = pair.judges;
  if (name !== null && name !== first.name && name !== second.name) {
    throw new AbtieError("config", `--judge ${name}: no judge has this name: name ${first.name} or ${second.name}`);
  }
  const at = name === second.name ? 1 : 0;
  const { config, problems: own } = await checkOne(pair, at, source, places);
  const problems = withoutRepeated([
    ...(await keyProblems(pair, source, places)),
    ...own.map((problem) => inJudge(problem, pair.judges[at], source)),
  ]);
  if (problems.length > 0 || config === null) return { config: null, problems };
  const [taken, other] = at === 0 ? [first, second] : [second, first];
  onChosen?.(taken.name, other.name);
  // The calibration of the config is that of both judges together.
  return { config: at === 0 ? { ...config, calibration: null } : asSecond(config, second.name), problems };
}

/** Throws AbtieError("config") when a name was given for the judge of a config that has one without a name. */
export function refuseName({ name }: JudgeChoice): void {
  if (name === null) return;
  throw new AbtieError("config", `--judge ${name}: the config has one judge without a name: leave the option out`);
}

function checkOne(
  { written, judges, overrides }: WrittenPair,
  at: 0 | 1,
  source: ConfigSource,
  places: Places,
): Promise<CheckedJudges> {
  const { name, set } = judges[at];
  const flags = overrides.filter(({ yields }) => yields !== true);
  const { judges: _judges, ...common } = isRecord(written) ? written : {};
  const own: Override = { from: `judges.${name}`, set };
  const merged = mergeOverrides(mergeOverrides(common, [own], source.base), flags, places.cwd);
  return checkConfig(merged, source, places);
}

/** Lists the keys that a judge may not have, and a wrong number of judges, which show in the config as a whole. */
async function keyProblems(
  { written }: WrittenPair,
  source: ConfigSource,
  places: Places,
): Promise<readonly Problem[]> {
  const whole = await checkConfig(written, source, places);
  return whole.problems.filter(({ path }) => path[0] === "judges");
}

/** Names the key of a judge as it stands in the file. */
function inJudge(problem: Problem, { name, set }: WrittenJudge, { placeOf }: ConfigSource): Problem {
  const [key] = problem.path;
  if (key === undefined || !Object.hasOwn(set, key) || problem.place.position === null) return problem;
  const path: Path = ["judges", name, ...problem.path];
  return { ...problem, path, place: placeOf(path) };
}

function withoutRepeated(problems: readonly Problem[]): readonly Problem[] {
  const keyOf = ({ path, place }: Problem): string => JSON.stringify([path, place satisfies Place]);
  const keys = problems.map(keyOf);
  return problems.filter((_, at) => keys.indexOf(keys[at] ?? "") === at);
}

/** Says why two judges cannot work on one run. */
function unfitPair(first: Config, second: Config): readonly string[] {
  const identity = (config: Config): string =>
    JSON.stringify([engineKey(config), config.template, config.labels, config.context, config.cut, config.appendEos]);
  const same =
    identity(first) === identity(second) ? ["are the same judge twice: give one another engine or template"] : [];
  const classes =
    first.classes.length === second.classes.length
      ? []
      : [
          "judge different classes, one with ties and the other without: take two templates that both have a label for the tie, or none",
        ];
  const keeps = [first, second].some(({ engine }) => engine.kind === "spawn" && engine.keep !== null);
  const kept =
    keeps && first.engine.kind === second.engine.kind
      ? [
          "have engines that abtie starts, which take turns on the same GPUs: a server that is kept would not make room, so remove `engine.keep`",
        ]
      : [];
  return [...same, ...classes, ...kept];
}

/**
 * Decides whether two judges work one after the other: abtie starts the engines of both on the same machine, or one server answers for
 * both.
 */
export function takeTurns(first: Pick<Config, "engine">, second: Pick<Config, "engine">): boolean {
  if (first.engine.kind === "spawn" && second.engine.kind === "spawn") return true;
  const urls = new Set(first.engine.kind === "attach" ? first.engine.urls : []);
  return second.engine.kind === "attach" && second.engine.urls.some((url) => urls.has(url));
}

function joinJudges(names: readonly [string, string], first: Config, second: Config): Config {
  const escalation = { names, combination: first.calibration, second: asSecond(second, names[1]) };
  return { ...first, calibration: null, escalation };
}

/** Gives the second judge a run folder inside that of the run, which both configs name. */
function asSecond(config: Config, name: string): Config {
  const runFolder = join(config.runFolder, judgeFolder(name));
  return {
    ...config,
    runFolder,
    output: join(runFolder, "submission.csv"),
    outputForm: { kind: "submission", gzip: false, columns: [] },
    calibration: null,
  };
}

/** Lists the configs of the judges of a run: one, or two. */
export function judgesOf(config: Config): readonly Config[] {
  return config.escalation === null ? [config] : [config, config.escalation.second];
}

/** Names the run folder of the second judge inside that of the run. */
export function judgeFolder(name: string): string {
  return `judge-${name}`;
}

/** Decides whether a name in a run folder is that of the folder of a second judge. */
export function isJudgeFolder(name: string): boolean {
  return name.startsWith(judgeFolder(""));
}
