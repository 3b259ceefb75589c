import { AbtieError } from "../../errors.ts";
import { formatCount, plural } from "../../format.ts";
import { sum } from "../../numbers/sums.ts";

/** The unit in which the places of a file are counted: its lines, or its rows where it has no lines. */
export type Unit = "line" | "row";

/** One problem, and its line. */
interface Finding {
  /** Line in the file, counted from 1; null when the problem belongs to no line, for example a missing row. */
  readonly line: number | null;
  readonly text: string;
}

/**
 * All findings of one kind in a file. A finding at the level "note" is not an error: the file can be used unchanged.
 */
export interface FileProblem {
  readonly level: "error" | "note";
  /** The remedy for this kind of finding. Findings with the same remedy are of the same kind. */
  readonly remedy: string;
  /** Number of all findings, including those that are not listed. */
  readonly count: number;
  /** The first findings, at most 20. */
  readonly findings: readonly Finding[];
}

/** Collects the problems of one file while it is read, with limited memory. */
export interface Problems {
  /** Adds a finding to those with the same remedy. The default level is "error". */
  readonly add: (remedy: string, finding: Finding, level?: FileProblem["level"]) => void;
  /** Lists the problems found so far: errors before notes, and each in the order of its first finding. */
  readonly list: () => readonly FileProblem[];
  /** Throws AbtieError("data") with all errors found so far; does nothing when there are none. */
  readonly throwIfAny: () => void;
}

/** The remedy for a text that is not UTF-8. */
export const UTF8_REMEDY = "Save the file as UTF-8, for example with: iconv -f latin1 -t utf-8.";

/** Number of findings of one kind that are kept. */
const LISTED = 20;

/** Creates an empty collection for the file at `path`, whose findings are counted in `unit`. */
export function createProblems(path: string, unit: Unit = "line"): Problems {
  const byRemedy = new Map<string, { level: FileProblem["level"]; count: number; findings: Finding[] }>();
  const list = (): readonly FileProblem[] =>
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
      if (errors.length > 0) throw toError({ path, unit }, errors);
    },
  };
}

interface FileUnit {
  readonly path: string;
  readonly unit: Unit;
}

function toError(file: FileUnit, errors: readonly FileProblem[]): AbtieError {
  const [first] = errors;
  const finding = first?.findings[0];
  if (first === undefined || finding === undefined) throw new Error("an error without a finding");
  const others = sum(errors.map(({ count }) => count)) - 1;
  const more = others === 0 ? "" : ` (and ${plural(others, "more problem")})`;
  // The message has the first finding and its remedy, which the details then leave out.
  const [, ...kinds] = errors;
  return new AbtieError("data", `${describe(file, finding)}${more}. ${first.remedy}`, {
    details: [
      ...findingsOf(file, { ...first, findings: first.findings.slice(1), count: first.count - 1 }),
      ...kinds.flatMap((problem) => [...findingsOf(file, problem), `  -> ${problem.remedy}`]),
    ],
  });
}

/** Lists findings: those in succession with the same text on one line, with the places of all. */
function findingsOf(file: FileUnit, { count, findings }: FileProblem): readonly string[] {
  const groups: Finding[][] = [];
  for (const finding of findings) {
    const last = groups.at(-1);
    if (last?.[0]?.text === finding.text && finding.line !== null) last.push(finding);
    else groups.push([finding]);
  }
  const unlisted = count - findings.length;
  return [
    ...groups.map((group) => describe(file, ...group)),
    ...(unlisted === 0 ? [] : [`... and ${formatCount(unlisted)} more of this kind`]),
  ];
}

function describe({ path, unit }: FileUnit, ...[first, ...others]: readonly Finding[]): string {
  const { line = null, text = "" } = first ?? {};
  if (line === null) return `${path}: ${text}`;
  const places = [line, ...others.map((finding) => finding.line)].join(", ");
  return `${path}, ${unit}${others.length === 0 ? "" : "s"} ${places}: ${text}`;
}
