import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/**
 * Says in plain words why a value of a file does not fit its schema, for example `expected a number, found a text`. A
 * message that a schema gives itself stays as it is.
 */
export function describeIssue(issue: Issue): string {
  return `${describeExpectation(issue)}${describeFinding(issue)}`;
}

function describeExpectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return describeType(issue.expected, issue.message);
    case "too_small":
      return describeLimit(issue.origin, Number(issue.minimum), issue.inclusive === false ? "more than" : "at least");
    case "too_big":
      return describeLimit(issue.origin, Number(issue.maximum), issue.inclusive === false ? "less than" : "at most");
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    default:
      return issue.message.replace(/^Invalid input: /, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  }
}

/** The value that was found, where its type alone does not say what is wrong and the parser was asked to report it. */
function describeFinding({ code, input }: Issue): string {
  if (code !== "too_small" && code !== "too_big" && code !== "invalid_value") return "";
  if (typeof input !== "string" && typeof input !== "number") return "";
  const text = JSON.stringify(input);
  return text.length > LONGEST_FINDING ? "" : `, found ${text}`;
}

/** A longer value says nothing that its line does not show. */
const LONGEST_FINDING = 60;

/** Describes every problem of a value, each behind the key at which it is: `speeds.fit: expected a mapping, found nothing`. */
export function schemaProblems(issues: readonly Issue[]): readonly string[] {
  return issues.map((issue) => {
    const key = issue.path.join(".");
    return key === "" ? describeIssue(issue) : `${key}: ${describeIssue(issue)}`;
  });
}

/** The words of a person for the types of zod. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["string", "a text"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["object", "a mapping"],
  ["record", "a mapping"],
  ["array", "a list"],
  ["tuple", "a list"],
  ["null", "nothing"],
  ["undefined", "nothing"],
]);

// The type that was found stands in the message alone.
function describeType(expected: string, message: string): string {
  const found = /received (\w+)$/.exec(message)?.[1];
  const wanted = `expected ${TYPES.get(expected) ?? expected}`;
  // Of 1.5, "found a number" would say nothing.
  return found === undefined || (expected === "int" && found === "number")
    ? wanted
    : `${wanted}, found ${TYPES.get(found) ?? found}`;
}

function describeLimit(origin: string, limit: number, bound: string): string {
  if (origin === "string")
    return limit === 1 ? "expected a text that is not empty" : `expected ${bound} ${limit} characters`;
  if (origin === "array") return `expected a list with ${bound} ${limit} ${limit === 1 ? "element" : "elements"}`;
  return `expected ${bound} ${limit}`;
}
