import { describe, expect, test } from "vitest";
import { remember } from "../../src/prompt/tokenizer/remember.ts";

function counted(fails: (call: number) => boolean = () => false) {
  const asked: string[] = [];
  const ask = async (text: string): Promise<number> => {
    asked.push(text);
    if (fails(asked.length)) throw new Error("no answer");
    return asked.length;
  };
  return { asked, ask };
}

describe("an answer that is remembered", () => {
  test("is asked for once, also by two calls at the same time", async () => {
    const { asked, ask } = counted();
    const known = remember(ask, { key: (text) => text });
    expect(await Promise.all([known("a"), known("a"), known("b")])).toEqual([1, 1, 2]);
    expect(await known("a")).toBe(1);
    expect(asked).toEqual(["a", "b"]);
  });

  test("is the answer to the first question when there is no key", async () => {
    const known = remember(counted().ask);
    expect([await known("a"), await known("b")]).toEqual([1, 1]);
  });

  test("is asked for again after a failure", async () => {
    const known = remember(counted((call) => call === 1).ask);
    await expect(known("a")).rejects.toThrow("no answer");
    expect(await known("a")).toBe(2);
  });

  test("is dropped with all others when there are too many", async () => {
    const { asked, ask } = counted();
    const known = remember(ask, { key: (text) => text, most: 2 });
    for (const text of ["a", "b", "a", "c", "a"]) await known(text);
    expect(asked).toEqual(["a", "b", "c", "a"]);
  });
});
