import { AbtieError } from "../errors.ts";

/** One place where something is wrong. */
interface Finding {
  /** Line in the file, counted from 1; null when it is about no line, for example a missing row. */
  readonly line: number | null;
  readonly text: string;
}

/** Everything of one kind that is wrong with a file, or (a note) only worth knowing. */
export interface Problem {
  readonly level: "error" | "note";
  /** What to do about this kind. */
  readonly remedy: string;
  /** Number of findings, also of those that are not listed. */
  readonly count: number;
  /** The first findings, at most 20. */
  readonly findings: readonly Finding[];
}

/** Collects the problems of one file while it is read, in bounded memory. */
export interface Problems {
  /** Adds a finding to those of the same remedy; the level defaults to "error". */
  readonly add: (remedy: string, finding: Finding, level?: Problem["level"]) => void;
  /** Lists what was found so far, errors first, each kind in the order of its first finding. */
  readonly list: () => readonly Problem[];
  /** Throws an AbtieError("data") with every error found so far; does nothing when there is none. */
  readonly throwIfAny: () => void;
}

const LISTED = 20;

/** Starts an empty collection for the file at `path`. */
export function createProblems(path: string): Problems {
  const byRemedy = new Map<string, { level: Problem["level"]; count: number; findings: Finding[] }>();
  const list = (): readonly Problem[] =>
    [...byRemedy]
      .map(([remedy, kind]) => ({ remedy, ...kind }))
      .sort((left, right) => Number(left.level === "note") - Number(right.level === "note"));
  return {
    add: (remedy, finding, level = "error") => {
      const kind = byRemedy.get(remedy) ?? { level, count: 0, findings: [] };
      byRemedy.set(remedy, kind);
      kind.count += 1;
      if (kind.findings.length < LISTED) kind.findings.push(finding);
    },
    list,
    throwIfAny: () => {
      const errors = list().filter(({ level }) => level === "error");
      if (errors.length > 0) throw toError(path, errors);
    },
  };
}

function toError(path: string, errors: readonly Problem[]): AbtieError {
  const [first] = errors;
  const finding = first?.findings[0];
  if (first === undefined || finding === undefined) throw new Error("an error without a finding");
  const others = errors.reduce((sum, { count }) => sum + count, 0) - 1;
  const more = others === 0 ? "" : ` (and ${others} more ${others === 1 ? "problem" : "problems"})`;
  return new AbtieError("data", `${describe(path, finding)}${more}. ${first.remedy}`, {
    details: others === 0 ? [] : errors.flatMap((problem) => detailsOf(path, problem)),
  });
}

function detailsOf(path: string, { count, findings, remedy }: Problem): readonly string[] {
  const unlisted = count - findings.length;
  return [
    ...findings.map((finding) => describe(path, finding)),
    ...(unlisted === 0 ? [] : [`... and ${unlisted} more of this kind`]),
    `  -> ${remedy}`,
  ];
}

function describe(path: string, { line, text }: Finding): string {
  return line === null ? `${path}: ${text}` : `${path}, line ${line}: ${text}`;
}
