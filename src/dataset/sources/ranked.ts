import { isRecord } from "../../files/json-shape.ts";

/** The answer to a prompt, with its place in the ranking: 1 is the best. */
interface RankedAnswer {
  readonly text: string;
  readonly rank: number;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The column that tells how much better the chosen answer is ranked; 0 is a tie. */
export const RANK_DIFFERENCE = "rank_difference";

const LIST_NAMES = ["answers", "responses", "completions", "candidates"] as const;
const TEXT_NAMES = ["answer", "response", "completion", "text", "content", "output"] as const;
const ID_NAMES = ["id", "question_id", "prompt_id", "conversation_id", "uid", "uuid", "idx", "index"] as const;

/**
 * Replaces each record with a ranked list of answers, as in Nectar, by one record for each pair of the best answer with
 * another one: `chosen`, `rejected` and the difference of their ranks. Its id is that of the list, or its number counted
 * from 0, and the place of the other answer in the list, counted from 1: "7-3". Other records stay as they are.
 */
export async function* rankedAsPairs(records: AsyncIterable<object> | Iterable<object>): AsyncGenerator<object> {
  let index = 0;
  for await (const record of records) {
    const list = findRanked(record);
    if (list === null) yield record;
    else yield* pairsOf(record as JsonObject, list, index);
    index += 1;
  }
}

/** Decides whether a record has a ranked list of answers. */
export function isRanked(record: object): boolean {
  return findRanked(record) !== null;
}

interface RankedList {
  readonly name: string;
  readonly answers: readonly RankedAnswer[];
}

function findRanked(record: object): RankedList | null {
  for (const name of LIST_NAMES) {
    const list = (record as JsonObject)[name];
    if (!Array.isArray(list) || list.length === 0) continue;
    const answers = list.map(readAnswer);
    if (answers.every((answer) => answer !== null)) return { name, answers };
  }
  return null;
}

function readAnswer(value: unknown): RankedAnswer | null {
  if (!isRecord(value)) return null;
  const rank = typeof value["rank"] === "bigint" ? Number(value["rank"]) : value["rank"];
  const text = TEXT_NAMES.map((name) => value[name]).find((found) => typeof found === "string");
  return typeof rank === "number" && Number.isFinite(rank) && typeof text === "string" ? { text, rank } : null;
}

function* pairsOf(record: JsonObject, { name, answers }: RankedList, index: number): Generator<JsonObject> {
  const { [name]: _list, ...others } = record;
  const id = ID_NAMES.map((key) => record[key]).find((found) => found !== undefined && found !== null) ?? index;
  const best = answers.reduce((one, other) => (other.rank < one.rank ? other : one));
  for (const [place, answer] of answers.entries()) {
    if (answer === best) continue;
    yield {
      ...others,
      id: `${String(id)}-${place + 1}`,
      chosen: best.text,
      rejected: answer.text,
      [RANK_DIFFERENCE]: answer.rank - best.rank,
    };
  }
}
