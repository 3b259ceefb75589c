import { expect, test } from "vitest";
import { z } from "zod";
import { describeIssue } from "../../src/files/schema-problem.ts";

const OWN = z.string().regex(/^\d+h$/, 'expected a duration such as "9h"');

test.each<[z.ZodType, unknown, string]>([
  [z.number(), "5", "expected a number, found a text"],
  [z.string(), undefined, "expected a text, found nothing"],
  [z.strictObject({}), [], "expected a mapping, found a list"],
  [z.boolean(), null, "expected true or false, found nothing"],
  [z.int(), 1.5, "expected a whole number"],
  [z.int().min(1), 0, "expected at least 1"],
  [z.number().max(1), 2, "expected at most 1"],
  [z.number().gt(0.5), 0.5, "expected more than 0.5"],
  [z.number().lt(1), 1, "expected less than 1"],
  [z.string().min(1), "", "expected a text that is not empty"],
  [z.array(z.string()).min(1), [], "expected a list with at least 1 element"],
  [z.tuple([z.number(), z.number()]), [1], "expected a list with at least 2 elements"],
  [z.enum(["one", "both"]), "two", 'expected "one" or "both"'],
  [OWN, "9", 'expected a duration such as "9h"'],
])("a value that does not fit its schema is described in plain words (%#)", (schema, value, text) => {
  expect(schema.safeParse(value).error?.issues.map(describeIssue)).toEqual([text]);
});
