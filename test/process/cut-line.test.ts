import fc from "fast-check";
import { expect, test } from "vitest";
import { cutBetweenSecrets } from "../../src/process/cut-line.ts";
import { createRedactor } from "../../src/secrets/redactor.ts";
import { Secret } from "../../src/secrets/secret.ts";

const SECRET = "sk-Correct/Horse+Battery=Staple";
const { redact } = createRedactor([new Secret(SECRET)]);

test("no part of a long line holds a piece of a secret, wherever it stands and however it is encoded", () => {
  const forms = [SECRET, encodeURIComponent(SECRET), Buffer.from(SECRET).toString("base64"), [...SECRET].join("\n")];
  fc.assert(
    fc.property(fc.nat(3_000), fc.nat(3_000), fc.constantFrom(...forms), (before, after, form) => {
      const line = "x ".repeat(before) + form + " y".repeat(after);
      const end = cutBetweenSecrets(line, redact);
      expect(redact(line.slice(0, end)) + redact(line.slice(end))).toBe(redact(line));
      expect(end).toBeGreaterThan(0);
    }),
    { numRuns: 200 },
  );
});

test("leaves at least the second half of a line without secrets to the next part", () => {
  expect(cutBetweenSecrets("a ".repeat(40_000), redact)).toBe(40_000);
});

test("cuts a line at its end when secrets fill it", () => {
  const line = SECRET.repeat(40);
  expect(redact(line.slice(0, cutBetweenSecrets(line, redact)))).not.toContain("Correct");
});
