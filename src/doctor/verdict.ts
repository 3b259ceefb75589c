import { plural } from "../format.ts";
import type { Finding } from "./finding.ts";

/** The check that shows the prompt of a row from its beginning to its end. */
export const WHOLE_PROMPT = "prompt";

const LEVELS = ["error", "warning", "ok"] as const satisfies readonly Finding["level"][];

/**
 * Sorts findings: errors first, then warnings, then what is in order; within a level, the order of the checks. The whole prompt of a
 * row is last, because it is long.
 */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  const sorted = LEVELS.flatMap((level) => findings.filter((finding) => finding.level === level));
  const isLong = ({ check, level }: Finding): boolean => check === WHOLE_PROMPT && level === "ok";
  return [...sorted.filter((finding) => !isLong(finding)), ...sorted.filter(isLong)];
}

/** Says in one line whether a run would work. */
export function describeVerdict(findings: readonly Finding[]): string {
  const count = (level: Finding["level"]): number => findings.filter((finding) => finding.level === level).length;
  const [errors, warnings] = [count("error"), count("warning")];
  const warned = warnings === 0 ? "no warnings" : plural(warnings, "warning");
  return errors === 0
    ? `A run would work: no errors, ${warned}.`
    : `A run would fail: ${plural(errors, "error")}, ${warned}.`;
}
