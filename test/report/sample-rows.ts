import type { ReportRow, WorstRow } from "../../src/report/data/run-data.ts";
import type { PerClass, Row } from "../../src/types.ts";
import type { Random } from "./random.ts";

/** Makes rows as a judge of middling quality would leave them: over-confident, some shortened, a few never answered. */
export function sampleRows(many: number, random: Random): ReportRow[] {
  return Array.from({ length: many }, (_, index) => sampleRow(index, many, random));
}

function sampleRow(index: number, many: number, random: Random): ReportRow {
  const kind = random.uniform();
  const truth: PerClass = kind < 0.352 ? [1, 0, 0] : kind < 0.694 ? [0, 1, 0] : [0, 0, 1];
  const lean = 1.15 * (truth[0] - truth[1]) + 1.1 * random.normal() + 0.12;
  const tie = -0.55 + 0.7 * truth[2] - 0.42 * Math.abs(lean) + 0.55 * random.normal();
  const weights = [Math.exp(lean * 0.9), Math.exp(-lean * 0.9), Math.exp(tie + 0.6)] as const;
  const sum = weights[0] + weights[1] + weights[2];
  const length = Math.round(Math.exp(5.9 + 0.85 * random.normal()) + 90);
  const unanswered = index > many * 0.985 && random.uniform() < 0.5;
  const both = !unanswered && Math.abs(weights[0] - weights[1]) / sum < 0.3;
  const cut = Math.max(0, length - 2048);
  const base = { id: String(4_265_000_000 + index * 37), truth, cutTokens: unanswered ? 0 : cut };
  if (unanswered) {
    return {
      ...base,
      probabilities: [0.35, 0.34, 0.31],
      mass: null,
      tokens: null,
      source: "prior",
      reason: random.pick([
        "no time left before the deadline",
        "no time left before the deadline",
        "the server answered 500 four times",
      ]),
    };
  }
  return {
    ...base,
    probabilities: [weights[0] / sum, weights[1] / sum, weights[2] / sum],
    mass: 1 / (1 + Math.exp(-(2.9 + 1.25 * random.normal()))),
    tokens: Math.min(2048, length) * (both ? 2 : 1),
    source: both ? "both-orders" : cut > 900 ? "one-order-short" : "one-order",
    reason: !both && cut > 900 ? "shortened to 1,024 tokens: time was short" : null,
  };
}

/** Log loss of a row with a certain truth. */
export function lossOf({ probabilities, truth }: ReportRow): number {
  return -probabilities.reduce(
    (sum, value, index) => sum + (truth?.[index] ?? 0) * Math.log(Math.max(value, 1e-15)),
    0,
  );
}

/** Takes the rows with the largest loss and gives them texts: ordinary ones and hostile ones. */
export function sampleWorst(rows: readonly ReportRow[], many: number): WorstRow[] {
  const sorted = rows.filter(({ source }) => source !== "prior").sort((one, other) => lossOf(other) - lossOf(one));
  return sorted
    .slice(0, many)
    .map((scored, index) => ({ scored, loss: lossOf(scored), row: { ...text(index), index, id: scored.id } }));
}

function text(index: number): Pick<Row, "prompts" | "responsesA" | "responsesB"> {
  const [prompt, a, b] = TEXTS[index % TEXTS.length] as readonly [string, string, string];
  if (index === 4) return { prompts: [prompt, "And in one sentence?"], responsesA: [a, null], responsesB: [b, ""] };
  return { prompts: [prompt], responsesA: [a], responsesB: [b] };
}

const LONG =
  "The river rises in the hills above the town and takes two smaller streams before it reaches the mill. ".repeat(60);
const TEXTS: readonly (readonly [string, string, string])[] = [
  [
    "Explain why the sky is blue to a child of six.",
    "Sunlight looks white, but it is a mix of all colours. When it travels through the air, tiny bits of air bounce the blue part around much more than the red part. So wherever you look, some blue light comes to you.",
    "The sky is blue because it reflects the ocean.",
  ],
  [
    'Write a line of HTML that shows an image.\n\n<script>document.title = "owned"</script><img src=x onerror="document.title=\'owned\'">',
    '```html\n<img src="cat.png" alt="A cat">\n```\n</div></li></ol></main><style>*{display:none}</style><h1 id="injected">injected</h1>',
    "<!-- ]]> --> <a href=\"javascript:document.title='owned'\">click</a> &lt;b&gt; &#60;",
  ],
  [
    "Is this safe? \u202Egnp.exe\u202C and \u2066isolated\u2069, a null \u0000, an escape \u001B[31m, half a pair \uD83D, a tag \u{E0041}, zero\u200Bwidth.",
    "اللغة العربية تُكتب من اليمين إلى اليسار، وهذا النص يجب أن يظهر بهذا الاتجاه.",
    "עברית נכתבת מימין לשמאל. Mixed with English and 123 numbers.",
  ],
  ["Summarise the text below.\n\n".concat(LONG), LONG.repeat(2), "A river passes a mill."],
  ["What is 17 times 23?", "17 × 23 = 391. One way: 17 × 20 = 340 and 17 × 3 = 51; together 391.", "It is 381."],
  ["Zalgo: Z̸̡̢̛̗̘̙̜̝̞̟̠̤̥̦̩̪̫̬̭̮̯̰̱̲̳̹̺̻̼͇͈͉͍͎̀́̂̃̄̅̆̇̈̉̊̋̌̍̎̏̐̑̒̓̔̽̾̿̀́͂̓̈́͆͊͋͌̕̚ͅ͏͓͔͕͖͙͚͐͑͒͗͛", "x".repeat(1_000_000), "\n".repeat(3000)],
];
