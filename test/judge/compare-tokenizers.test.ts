import { expect, test } from "vitest";
import { RequestError } from "../../src/engine/client/request-error.ts";
import { checkTokenizers, describeDifference } from "../../src/judge/compare-tokenizers.ts";
import type { Tokenizer } from "../../src/prompt/tokenizer/tokenizer.ts";
import { fixtureTokenizer, row, shippedTemplate, undefended } from "../prompt/helpers.ts";

test("finds no difference between equal tokens", () => {
  expect(describeDifference([], [])).toBeNull();
  expect(describeDifference([97, 228, 128_512], [97, 228, 128_512])).toBeNull();
});

test("describes the first difference with its position", () => {
  expect(describeDifference([97, 66, 66], [97, 7, 7])).toBe("token 2 is 66 here and 7 on the server (3 and 3 tokens)");
});

test("finds a token more at the end, as from a start-of-text token on one side", () => {
  expect(describeDifference([97, 98], [97, 98, 1])).toBe(
    "token 3 is missing here and 1 on the server (2 and 3 tokens)",
  );
});

/** Checks a server whose tokenizer is the local one with changes. */
async function check(changes: (local: Tokenizer) => Partial<Tokenizer>): Promise<void> {
  const local = await fixtureTokenizer("bytelevel");
  const template = await shippedTemplate("notebook");
  const dataset = { ids: ["seven"], read: async () => ({ ...row(["why?"], ["a"], ["b"]), id: "seven" }) };
  const remote = { ...undefended(local), ...changes(local) };
  await checkTokenizers({ local, remote, template, budget: 2_000, dataset, now: 0 });
}

test("accepts a server that gives the same tokens", () => check(() => ({})));

test.each([400, 401, 403, 404, 405, 429, 500, 501, 503])(
  "accepts a server that answers /tokenize with HTTP %i",
  async (status) => {
    const refused = new RequestError("bad-request", `${status} no`, { status });
    await check(() => ({ encode: () => Promise.reject(refused) }));
  },
);

test("refuses a server that gives other tokens, with the row, the first difference and the remedy", async () => {
  const shifted = check(({ encode }) => ({
    encode: async (text, specials) => (await encode(text, specials)).map((id) => id + 1),
  }));
  await expect(shifted).rejects.toMatchObject({
    code: "engine",
    message: expect.stringMatching(
      /^the tokenizer in the model folder is not the server's: in the prompt of row seven token 1 is \d+ here and \d+ on the server \(\d+ and \d+ tokens\)\. Point engine\.tokenizer to/,
    ),
  });
});
