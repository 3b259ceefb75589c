/** What is known of a value in a template: its fields (null: anything goes), and of what kind its items are. */
export interface Kind {
  readonly fields: ReadonlyMap<string, Kind> | null;
  readonly item: Kind | null;
}

export const ANY: Kind = { fields: null, item: null };

const TURN = record({ number: ANY, prompt: ANY, response_a: ANY, response_b: ANY });
const LABELS = record({ a: ANY, b: ANY, tie: ANY });

/** What the body of a template may name. */
export const TEMPLATE_VARIABLES: ReadonlyMap<string, Kind> = new Map([
  ["prompt", ANY],
  ["response_a", ANY],
  ["response_b", ANY],
  ["turns", { fields: null, item: TURN }],
  ["labels", LABELS],
]);

/** What the system message of a template may name: it comes before the data. */
export const LABELS_ONLY: ReadonlyMap<string, Kind> = new Map([["labels", LABELS]]);

/** What Jinja itself brings, as far as it gives the same text every time. */
export const BUILT_IN: ReadonlyMap<string, Kind> = new Map(
  ["true", "false", "none", "True", "False", "None", "range", "namespace"].map((name) => [name, ANY]),
);

/** What `loop` holds inside a loop over items of one kind. */
export function loopKind(item: Kind): Kind {
  const plain = ["index", "index0", "revindex", "revindex0", "first", "last", "length"];
  return record({ ...Object.fromEntries(plain.map((name) => [name, ANY])), previtem: item, nextitem: item });
}

function record(fields: Readonly<Record<string, Kind>>): Kind {
  return { fields: new Map(Object.entries(fields)), item: null };
}
