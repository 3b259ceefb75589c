import type { Columns } from "../dataset/columns.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { AbtieError } from "../errors.ts";
import { openRows } from "../job/open-rows.ts";
import { takeTriples } from "../metrics/triples.ts";

/** Rows that were judged with what the data file says about them, in the order of the judged rows. */
export interface Joined extends AsyncDisposable {
  readonly dataset: Dataset;
  readonly source: "labels" | "votes";
  /** Place of each judged row in the dataset. */
  readonly places: Uint32Array;
  /** Weights of a, b and tie, three for each judged row; null when the file has no labels. */
  readonly truth: Float64Array | null;
  /** Group of each judged row: rows with the same prompt share one. */
  readonly groups: Uint32Array;
}

/** Judged rows of which it is known what people said. */
export type Labelled = Joined & { readonly truth: Float64Array };

/** What was judged, and where its data is. */
export interface JoinOptions {
  /** The run folder or submission, for messages. */
  readonly subject: string;
  readonly ids: readonly string[];
  readonly path: string;
  readonly columns: Columns;
  readonly truth: "labels" | "votes";
  /** Whether the file may have rows that were not judged, as that of a run with a limit has. */
  readonly mayHaveMore: boolean;
  readonly signal: AbortSignal;
}

/** Opens labelled rows and joins them to rows that were judged. Throws as openJoined, and AbtieError("data") without labels. */
export async function openLabels(options: JoinOptions): Promise<Labelled> {
  const joined = await openJoined(options);
  if (isLabelled(joined)) return joined;
  await joined[Symbol.asyncDispose]();
  throw withoutLabels(options);
}

/** Says whether the data file of judged rows has labels. */
export function isLabelled(joined: Joined): joined is Labelled {
  return joined.truth !== null;
}

/** Opens rows and joins them by id to rows that were judged. Throws AbtieError("data") when an id is on one side only. */
export async function openJoined(options: JoinOptions): Promise<Joined> {
  const { path, columns, truth: source, signal } = options;
  const dataset = await openRows({ input: path, columns, truth: source, limit: null }, signal);
  try {
    const places = joinById(dataset.ids, options);
    return {
      dataset,
      source,
      places,
      truth: dataset.truth === null ? null : takeTriples(dataset.truth, places),
      groups: places.map((place) => dataset.groups[place] as number),
      [Symbol.asyncDispose]: () => dataset[Symbol.asyncDispose](),
    };
  } catch (error) {
    await dataset[Symbol.asyncDispose]();
    throw error;
  }
}

function withoutLabels({ path, columns: { labels } }: JoinOptions): AbtieError {
  return new AbtieError(
    "data",
    `${path} has no labels: expected the columns ${labels.join(", ")}. Name a labelled file with --labels; ` +
      "for a column of votes add --truth votes.",
  );
}

/** Finds the place of each judged row among the labelled ones. */
function joinById(labelled: readonly string[], { ids, path, subject, mayHaveMore }: JoinOptions): Uint32Array {
  const placeOf = new Map(labelled.map((id, place) => [id, place]));
  const judged = new Set(ids);
  const missing = ids.filter((id) => !placeOf.has(id));
  const extra = mayHaveMore ? [] : labelled.filter((id) => !judged.has(id));
  if (missing.length + extra.length > 0) {
    throw new AbtieError("data", `${subject} and ${path} are not about the same rows: ids must be the same in both`, {
      details: [
        ...describe(missing, `in ${subject} without labels in ${path}`),
        ...describe(extra, `in ${path} that are not in ${subject}`),
      ],
    });
  }
  return Uint32Array.from(ids, (id) => placeOf.get(id) as number);
}

const NAMED = 5;

function describe(ids: readonly string[], where: string): readonly string[] {
  if (ids.length === 0) return [];
  const named = ids.slice(0, NAMED).map((id) => JSON.stringify(id));
  const more = ids.length > NAMED ? ", ..." : "";
  return [`${ids.length.toLocaleString("en-US")} ${where}: ${named.join(", ")}${more}`];
}
