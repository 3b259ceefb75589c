import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rowAt } from "../../src/class-matrix.ts";
import { type DatasetOptions, openDataset } from "../../src/dataset/open-dataset.ts";
import type { Row } from "../../src/types.ts";
import { temporaryFile } from "./temporary-file.ts";

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const jsonLines = (...rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join("\n");

/** The turns of a row, and its weights of a, b and tie. */
interface Expected {
  readonly id: string;
  readonly prompts: readonly (string | null)[];
  readonly a: readonly (string | null)[];
  readonly b: readonly (string | null)[];
  readonly truth?: readonly number[];
  readonly tag?: string;
}

/** One file in the shape of each public data set, written for this test, and the rows that a person would read in it. */
const DATA_SETS: readonly (readonly [name: string, content: string, rows: readonly Expected[]])[] = [
  [
    "LMSYS: lists of turns, one-hot labels",
    'id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n30192,m,n,"[""q1"", ""q2""]","[""a1"", null]","[""b1"", ""b2""]",0,1,0\n',
    [{ id: "30192", prompts: ["q1", "q2"], a: ["a1", null], b: ["b1", "b2"], truth: [0, 1, 0] }],
  ],
  [
    "Chatbot Arena: conversations, winner as text",
    jsonLines(
      {
        question_id: "q",
        model_a: "m",
        model_b: "n",
        winner: "tie (bothbad)",
        conversation_a: [user("one"), assistant("a1"), user("two"), assistant("a2")],
        conversation_b: [user("one"), assistant("b1"), user("two"), assistant("b2")],
      },
      {
        question_id: "r",
        model_a: "m",
        model_b: "n",
        winner: "model_a",
        conversation_a: [{ role: "system", content: "be brief" }, user("one"), assistant("a1")],
        conversation_b: [{ role: "system", content: "be brief" }, user("one"), assistant("b1")],
      },
    ),
    [
      { id: "q", prompts: ["one", "two"], a: ["a1", "a2"], b: ["b1", "b2"], truth: [0, 0, 1], tag: "both bad" },
      { id: "r", prompts: ["be brief\n\none"], a: ["a1"], b: ["b1"], truth: [1, 0, 0] },
    ],
  ],
  [
    "Arena 140k: winner both_bad, content as parts",
    jsonLines({
      id: "x",
      winner: "both_bad",
      conversation_a: [
        { role: "user", content: [{ type: "text", text: "q" }] },
        { role: "assistant", content: [{ type: "text", text: "a" }] },
      ],
      conversation_b: [user("q"), assistant("b")],
    }),
    [{ id: "x", prompts: ["q"], a: ["a"], b: ["b"], truth: [0, 0, 1], tag: "both bad" }],
  ],
  [
    "WSDM Cup: texts, winner without ties",
    "id,prompt,response_a,response_b,winner,model_a,model_b,language\nabc,q,one,two,model_b,m,n,English\n",
    [{ id: "abc", prompts: ["q"], a: ["one"], b: ["two"], truth: [0, 1, 0] }],
  ],
  [
    "RewardBench: chosen and rejected texts",
    jsonLines({ id: 5, prompt: "q", chosen: "good", rejected: "bad", subset: "chat" }),
    [{ id: "5", prompts: ["q"], a: ["bad"], b: ["good"], truth: [0, 1, 0] }],
  ],
  [
    "UltraFeedback: chosen and rejected as messages",
    jsonLines({
      prompt_id: "p",
      prompt: "q",
      chosen: [user("q"), assistant("good")],
      rejected: [user("q"), assistant("bad")],
      score_chosen: 8,
    }),
    [{ id: "p", prompts: ["q"], a: ["good"], b: ["bad"], truth: [1, 0, 0] }],
  ],
  [
    "JudgeBench: label A>B",
    jsonLines(
      { pair_id: "p0", question: "q", response_A: "one", response_B: "two", label: "A>B" },
      { pair_id: "p1", question: "q", response_A: "one", response_B: "two", label: "B>A" },
    ),
    [
      { id: "p0", prompts: ["q"], a: ["one"], b: ["two"], truth: [1, 0, 0] },
      { id: "p1", prompts: ["q"], a: ["one"], b: ["two"], truth: [0, 1, 0] },
    ],
  ],
  [
    "PandaLM: three annotators, 0 is a tie",
    JSON.stringify([
      {
        idx: 7,
        instruction: "Translate.",
        input: "Hallo",
        response1: "Hello",
        response2: "Hi",
        annotator1: 1,
        annotator2: 0,
        annotator3: 1,
      },
      {
        idx: 8,
        instruction: "Sing.",
        input: "",
        response1: "La",
        response2: "Lu",
        annotator1: 2,
        annotator2: 2,
        annotator3: 2,
      },
    ]),
    [
      { id: "7", prompts: ["Translate.\n\nHallo"], a: ["Hello"], b: ["Hi"], truth: [2 / 3, 0, 1 / 3] },
      { id: "8", prompts: ["Sing."], a: ["La"], b: ["Lu"], truth: [0, 1, 0] },
    ],
  ],
  [
    "Auto-J: codes that count from 0",
    jsonLines(
      { prompt: "q", "response 1": "one", "response 2": "two", label: 0 },
      { prompt: "q", "response 1": "one", "response 2": "two", label: 2 },
    ),
    [
      { id: "0", prompts: ["q"], a: ["one"], b: ["two"], truth: [1, 0, 0] },
      { id: "1", prompts: ["q"], a: ["one"], b: ["two"], truth: [0, 0, 1] },
    ],
  ],
  [
    "LLMBar: label 1 or 2",
    JSON.stringify([{ input: "q", output_1: "one", output_2: "two", label: 2 }]),
    [{ id: "0", prompts: ["q"], a: ["one"], b: ["two"], truth: [0, 1, 0] }],
  ],
  [
    "HelpSteer3: shared context, signed preference",
    jsonLines(
      {
        context: [user("one"), assistant("shared"), user("two")],
        response1: "a2",
        response2: "b2",
        overall_preference: -2,
        individual_preference: [],
      },
      { context: [user("q")], response1: "a", response2: "b", overall_preference: 0 },
    ),
    [
      { id: "0", prompts: ["one", "two"], a: ["shared", "a2"], b: ["shared", "b2"], truth: [1, 0, 0] },
      { id: "1", prompts: ["q"], a: ["a"], b: ["b"], truth: [0, 0, 1] },
    ],
  ],
  [
    "PKU-SafeRLHF: better_response_id",
    jsonLines({ prompt: "q", response_0: "one", response_1: "two", better_response_id: 1, safer_response_id: 0 }),
    [{ id: "0", prompts: ["q"], a: ["one"], b: ["two"], truth: [0, 1, 0] }],
  ],
  [
    "Anthropic-like: chosen and rejected conversations of several turns, no prompt",
    jsonLines({
      id: 1,
      chosen: [user("one"), assistant("x"), user("two"), assistant("good")],
      rejected: [user("one"), assistant("x"), user("two"), assistant("bad")],
    }),
    [{ id: "1", prompts: ["one", "two"], a: ["x", "bad"], b: ["x", "good"], truth: [0, 1, 0] }],
  ],
  [
    "ShareGPT: from and value",
    jsonLines({
      id: 1,
      conversation_a: [
        { from: "human", value: "q" },
        { from: "gpt", value: "a" },
      ],
      conversation_b: [
        { from: "human", value: "q" },
        { from: "gpt", value: "b" },
      ],
      winner: "A",
    }),
    [{ id: "1", prompts: ["q"], a: ["a"], b: ["b"], truth: [1, 0, 0] }],
  ],
  [
    "MT-bench: several judgements of a question, each up to its turn",
    jsonLines(
      ...[1, 2].map((turn) => ({
        question_id: 81,
        model_a: "m",
        model_b: "n",
        winner: turn === 1 ? "model_a" : "tie",
        judge: "expert_1",
        conversation_a: [user("one"), assistant("a1"), user("two"), assistant("a2")],
        conversation_b: [user("one"), assistant("b1"), user("two"), assistant("b2")],
        turn,
      })),
    ),
    [
      { id: "0", prompts: ["one"], a: ["a1"], b: ["b1"], truth: [1, 0, 0] },
      { id: "1", prompts: ["one", "two"], a: ["a1", "a2"], b: ["b1", "b2"], truth: [0, 0, 1] },
    ],
  ],
  [
    "Nectar: a ranked list, the best answer with each other one",
    jsonLines(
      {
        prompt: "\n\nHuman: one\n\nAssistant: shared\n\nHuman: two\n\nAssistant: ",
        answers: [
          { answer: "third", model: "m", rank: 3 },
          { answer: "best", model: "n", rank: 1 },
          { answer: "as good", model: "o", rank: 1 },
        ],
        source: ["x"],
      },
      { prompt: "\n\nHuman: q\n\nAssistant: ", answers: [{ answer: "alone", model: "m", rank: 1 }] },
    ),
    [
      { id: "0-1", prompts: ["one", "two"], a: ["shared", "third"], b: ["shared", "best"], truth: [0, 1, 0] },
      { id: "0-3", prompts: ["one", "two"], a: ["shared", "as good"], b: ["shared", "best"], truth: [0, 0, 1] },
    ],
  ],
  [
    "Anthropic HH: transcripts",
    jsonLines({
      chosen: "\n\nHuman: one\n\nAssistant: x\n\nHuman: two\n\nAssistant: good",
      rejected: "\n\nHuman: one\n\nAssistant: x\n\nHuman: two\n\nAssistant: bad\n\nstill bad",
    }),
    [{ id: "0", prompts: ["one", "two"], a: ["x", "bad\n\nstill bad"], b: ["x", "good"], truth: [0, 1, 0] }],
  ],
  [
    "a sheet of a person: other capitals, the index of pandas, votes",
    ",Prompt,Response A,Response B,votes\n0,q,one,two,A|B\n",
    [{ id: "0", prompts: ["q"], a: ["one"], b: ["two"] }],
  ],
];

async function readAll(path: string, options: DatasetOptions = {}): Promise<readonly Expected[]> {
  await using dataset = await openDataset(path, options);
  const rows: Expected[] = [];
  for (const [index, id] of dataset.ids.entries()) {
    const { prompts, responsesA: a, responsesB: b }: Row = await dataset.read(index);
    const tag = dataset.tags?.[index] ?? null;
    rows.push({
      id,
      prompts,
      a,
      b,
      ...(dataset.truth === null ? {} : { truth: [...rowAt(dataset.truth, index)] }),
      ...(tag === null ? {} : { tag }),
    });
  }
  return rows;
}

test.each(DATA_SETS)("reads %s", async (_, content, rows) => {
  expect(await readAll(await temporaryFile(content))).toEqual(rows);
});

test("a slip of the whole file is stated: lists as Python prints them", async () => {
  const csv = (cells: readonly string[]): string =>
    `id,prompt,response_a,response_b\n${cells.map((cell, id) => `${id},"${cell}",a,b`).join("\n")}\n`;
  const slip = "['a', 'b']";
  await using many = await openDataset(await temporaryFile(csv([slip, slip, "text"])));
  const finding = "in 67 % of the rows a cell is a list as Python or numpy prints it, and is judged as plain text";
  expect(many.slips).toEqual([{ finding, remedy: "write lists with json.dumps(turns)" }]);
  await using few = await openDataset(await temporaryFile(csv([slip, ...Array.from({ length: 10 }, () => "text")])));
  expect(few.slips).toEqual([]);
});

test("an answer pair that a person named is looked for alone", async () => {
  const path = await temporaryFile(jsonLines({ id: 1, prompt: "p", response_A: "a", response_B: "b" }));
  await expect(openDataset(path, { columns: { responseA: "left", responseB: "response_B" } })).rejects.toThrow(
    /the column "left" is missing\. The keys of the records are: id, prompt, response_A, response_B/,
  );
});

const CASES = new URL("../../../shared/cases/rows/", import.meta.url).pathname;
test.skipIf(!existsSync(CASES))("reads the rows of the shared cases, or names the remedy", async () => {
  const names = ["winner-text.csv", "pairs.jsonl", "conversations.jsonl", "context-scores.jsonl", "role-dicts.csv"];
  for (const name of names) {
    const [first] = await readAll(join(CASES, name));
    expect(first).toMatchObject({ prompts: ["What is the capital of Australia?"], a: ["Canberra."] });
  }
  expect((await readFile(join(CASES, "utf16.csv"))).length).toBeGreaterThan(0);
  await expect(openDataset(join(CASES, "utf16.csv"))).rejects.toThrow(/UTF-16.*iconv/);
});
