import { describe, expect, test } from "vitest";
import { rowAt } from "../../src/class-matrix.ts";
import { type Dataset, type DatasetOptions, openDataset } from "../../src/dataset/open-dataset.ts";
import { shardOf } from "../../src/dataset/shard.ts";
import { temporaryFile } from "./temporary-file.ts";

const jsonLines = (...rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join("\n");

/** Reads the weights of a, b and tie of every row. */
async function truthOf(path: string, options: DatasetOptions = {}): Promise<readonly (readonly number[])[]> {
  await using dataset = await openDataset(path, options);
  return dataset.ids.map((_, row) => (dataset.truth === null ? [] : rowAt(dataset.truth, row)));
}

describe("labels", () => {
  const csv = (column: string, ...values: readonly string[]): string =>
    `id,prompt,response_a,response_b,${column}\n${values.map((value, index) => `${index},p,a,b,${value}`).join("\n")}\n`;

  test("of any values are read by their codes", async () => {
    const path = await temporaryFile(csv("gold", "left", "right", "none"));
    const columns = { label: "gold", codes: { left: "a", right: "b", none: "tie" } } as const;
    expect(await truthOf(path, { columns })).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });

  test("without a known meaning are not used when their column was only guessed, and a note states it", async () => {
    await using dataset = await openDataset(await temporaryFile(csv("label", "A", "7")));
    expect(dataset.truth).toBeNull();
    expect(dataset.notes).toEqual([
      'the column "label" looks like labels ("A", "7") and is not used; to use it, add --set columns.label=label --set \'columns.codes={"A":"a","7":"b"}\', with the meaning of each value: a, b or tie',
    ]);
  });

  test("without a known meaning are an error with line and remedy when a person named their column", async () => {
    const path = await temporaryFile(csv("label", "A", "7"));
    await expect(openDataset(path, { columns: { label: "label" } })).rejects.toThrow(
      /line 3: the label is "7"\. A label is a word.*codes: \{1: a, 2: b, 0: tie\}/,
    );
    await expect(openDataset(path, { columns: { label: "label", codes: { A: "a" } } })).rejects.toThrow(
      /line 3: the label is "7"\. The codes of the label column are A: a; A, B and tie are understood too\. Correct the label/,
    );
  });

  test("that are a name which every object has, have no meaning", async () => {
    const path = await temporaryFile(csv("label", "A", "constructor"));
    const codes = { A: "a" } as const;
    for (const columns of [{ label: "label" }, { label: "label", codes }]) {
      await expect(openDataset(path, { columns })).rejects.toThrow('line 3: the label is "constructor"');
    }
  });

  test.each(["score_a", "rating", "voted"])("a column %s that is not used is named once", async (column) => {
    await using dataset = await openDataset(await temporaryFile(csv(column, "1", "2")));
    expect(dataset.notes).toEqual([
      expect.stringContaining(`the column "${column}" looks like labels ("1", "2") and is not used`),
    ]);
  });
});

describe("a column of labels under an unusual name", () => {
  const header = "id,prompt,answer_0,answer_1";
  const file = (column: string, ...values: readonly string[]): Promise<string> =>
    temporaryFile(`${header},${column}\n${values.map((value, index) => `${index},p,x,y,${value}`).join("\n")}\n`);

  test.each([
    ["the names of the answer columns", ["answer_1", "Answer 0", "tie"], [1, 0, 2]],
    ["words", ["model_b", "left", "both"], [1, 0, 2]],
    ["A, B and tie in any case", ["b", "A", "TIE"], [1, 0, 2]],
  ])("is used with a note when its values are labels alone: %s", async (_, values, expected) => {
    const path = await file("human says", ...values);
    await using dataset = await openDataset(path);
    expect(dataset.labelNotes).toEqual([
      'the labels are the column "human says", because its values are words for A, B and tie alone',
    ]);
    expect(dataset).toMatchObject({ labelColumns: ["human says"], foundColumns: { label: "human says" } });
    expect((await truthOf(path)).map((row) => row.indexOf(1))).toEqual(expected);
  });

  test("is not used when a second column is like it, when a row has no label, or when a person named another", async () => {
    const used = "the labels are the column";
    const hint = (name: string): string => `the column "${name}" looks like labels`;
    const two = await temporaryFile(`${header},one,other\n1,p,x,y,A,B\n2,p,x,y,B,A\n`);
    await using several = await openDataset(two);
    expect(several.truth).toBeNull();
    expect(several.notes).toEqual([
      expect.any(String),
      expect.stringContaining(hint("one")),
      expect.stringContaining(hint("other")),
    ]);
    const gap = await file("verdict of Ann", "A", "", "B");
    await using blank = await openDataset(gap);
    expect(blank.truth).toBeNull();
    expect(blank.labelNotes.join()).toContain("add --set 'columns.label=verdict of Ann'");
    const full = await file("gold", "A", "B");
    for (const named of [
      { columns: { label: "gould" } },
      { columns: { labels: ["x", "y", "z"] as const } },
      { truth: "votes" as const },
    ]) {
      await using dataset = await openDataset(full, named);
      expect([named, dataset.truth, dataset.labelNotes.join().includes(used)]).toEqual([named, null, false]);
      expect(dataset.labelNotes.join()).toContain(hint("gold"));
    }
  });

  test.each(["both bad", "Tie (bothbad)", "neither"])(
    "a note counts the labels %j, which count as ties",
    async (bad) => {
      for (const column of ["winner", "human says"]) {
        await using dataset = await openDataset(await file(column, "A", bad, "B", bad));
        expect(dataset.notes).toContain("2 of 4 labels say that both answers are bad: they count as ties");
        expect(dataset.tags).toEqual([null, "both bad", null, "both bad"]);
      }
      await using none = await openDataset(await file("winner", "A", "tie", "B"));
      expect(none.notes.join()).not.toContain("bad");
    },
  );

  test("is not a column of other words, of one side alone, or of texts", async () => {
    for (const values of [
      ["en", "de"],
      ["a", "a"],
      ["tie", "tie"],
      ["a long text about A and B that goes on", "B"],
    ]) {
      await using dataset = await openDataset(await file("language", ...values));
      expect([dataset.truth, dataset.labelNotes]).toEqual([null, []]);
    }
  });

  test("with votes is named with the way to use it", async () => {
    await using dataset = await openDataset(await file("crowd", "A|B", "tie|A"));
    expect(dataset.labelNotes.join()).toContain("add --truth votes --set columns.votes=crowd");
  });

  test("may hold A, B and tie in any case beside its codes, and the codes go first", async () => {
    const codes = { 1: "a", 2: "b", 0: "tie" } as const;
    const values = ["2", "A", "b", "Tie", "0", "answer_1"];
    const path = await file("gold", ...values);
    const truth = await truthOf(path, { columns: { label: "gold", codes } });
    expect(truth.map((row) => row.indexOf(1))).toEqual([1, 0, 1, 2, 2, 1]);
    const other = { A: "b", B: "a" } as const;
    const turned = await truthOf(await file("gold", "A", "B", "tie"), { columns: { label: "gold", codes: other } });
    expect(turned.map((row) => row.indexOf(1))).toEqual([1, 0, 2]);
  });

  test("that a person named may be missing, and a note says so with the nearest name", async () => {
    const named = { columns: { label: "gould" } };
    await using dataset = await openDataset(await file("gold", "answer_0", "x"), named);
    expect(dataset.truth).toBeNull();
    expect(dataset.notes).toContain('the rows have no labels: the column "gould" is missing (did you mean "gold"?)');
    await using weights = await openDataset(await file("more", "1", "2"), { columns: { labels: ["x", "y", "z"] } });
    expect(weights.notes.join()).toContain('no labels: the column "x" is missing; the column "y" is missing');
    await using votes = await openDataset(await file("more", "1", "2"), { truth: "votes" });
    expect(votes.notes.join()).toContain('no labels: the column "votes" is missing');
  });
});

describe("chosen and rejected answers", () => {
  const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, prompt: "p", chosen: "good", rejected: "bad" }));

  test("are dealt evenly, and the deal depends on nothing but the id", async () => {
    await using straight = await openDataset(await temporaryFile(jsonLines(...rows)));
    const isFirst = ({ truth }: Dataset, row: number): boolean => truth !== null && rowAt(truth, row)[0] === 1;
    const first = rows.filter((_, row) => isFirst(straight, row)).length;
    expect(first / rows.length).toBeGreaterThan(0.49);
    expect(first / rows.length).toBeLessThan(0.51);

    expect(straight.chosen).toEqual(rows.map((_, row) => (isFirst(straight, row) ? "a" : "b")));

    // Another order, a part of the file, and a shard.
    const shuffled = rows.map((_, row) => rows[(7919 * row) % rows.length]).filter((row) => row !== undefined);
    const path = await temporaryFile(jsonLines(...shuffled));
    const part = { limit: 500 };
    const shard = { select: (id: string) => shardOf(id, 7) === 3 };
    for (const options of [{}, part, shard]) {
      await using other = await openDataset(path, options);
      for (const [row, id] of other.ids.entries()) {
        expect([id, other.chosen?.[row]]).toEqual([id, straight.chosen?.[Number(id)]]);
        expect(isFirst(other, row)).toBe(isFirst(straight, Number(id)));
        if (row % 20 !== 0) continue;
        expect((await other.read(row)).responsesA).toEqual([other.chosen?.[row] === "a" ? "good" : "bad"]);
      }
    }
  });
});

describe("a file without ties", () => {
  const csv = (columns: string): string => `id,prompt,response_a,response_b,${columns}\n1,p,a,b,1,0,x\n2,p,a,b,0,1,x\n`;

  test("may lack the column of the tie, and a note states it", async () => {
    await using dataset = await openDataset(await temporaryFile(csv("winner_model_a,winner_model_b,more")));
    expect([...(dataset.truth?.values ?? [])]).toEqual([1, 0, 0, 0, 1, 0]);
    expect(dataset.notes).toEqual(['no column "winner_tie": no label is a tie']);
  });

  test("is not one that has the column under a mistyped name", async () => {
    const path = await temporaryFile(csv("winner_model_a,winner_model_b,winner_ties"));
    await expect(openDataset(path)).rejects.toThrow('the column "winner_tie" is missing (did you mean "winner_ties"?)');
  });

  test("is not one that lacks the column of another class", async () => {
    const path = await temporaryFile(csv("winner_model_a,winner_tie,more"));
    await expect(openDataset(path)).rejects.toThrow('the column "winner_model_b" is missing');
  });
});
