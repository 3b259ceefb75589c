import type { RunEnd } from "../../../src/job/summary.ts";
import { type Given, keyOf, type Model } from "./answers.ts";
import type { FileTree, Node } from "./files.ts";
import { idsOf, PRIOR, RUN_FOLDER, SECOND_FOLDER } from "./job-parts.ts";
import {
  expectedOf,
  expectedOfTwo,
  faultOfSubmission,
  isNear,
  type JournalContent,
  probabilitiesIn,
  readJournalText,
} from "./read-files.ts";
import type { JobScenario } from "./scenario.ts";
import type { ServerRecord } from "./server-record.ts";

/** Watches the files of a job and finds what must never be. */
export interface FileChecks {
  /** Call this after each event. */
  readonly check: () => void;
  /** A process is about to ask a server: from now on a complete submission must be in place, also after a power cut. */
  readonly workBegins: () => void;
  /** An operation on the journal failed: the answers of this session may be missing in it. */
  readonly journalFailed: () => void;
  readonly sessionBegins: () => void;
  /** The power was cut: what was not durable may be gone. */
  readonly powerWasCut: () => void;
  /** Checks what the last session left: journal, submission and rows.jsonl agree, and a run that is done has tried each row. */
  readonly checkWhole: (end: RunEnd) => void;
  /** The model of the first answer in the journal; null when it holds none. */
  readonly model: () => Model | null;
}

export function createFileChecks(options: {
  readonly scenario: JobScenario;
  readonly tree: FileTree;
  readonly submission: string;
  /** The run folder: that of the job, or that of its second judge. */
  readonly folder?: string;
  readonly record: ServerRecord;
  readonly report: (violation: string) => void;
}): FileChecks {
  const { scenario, tree, submission, folder = RUN_FOLDER, record, report } = options;
  const [journalPath, rowsPath] = [`${folder}/journal.jsonl`, `${folder}/rows.jsonl`];
  /** The journal of the second judge, whose answers the submission of the job has too. */
  const otherPath = scenario.second !== null && folder === RUN_FOLDER ? `${SECOND_FOLDER}/journal.jsonl` : null;
  const ids = idsOf(scenario);
  /** True once a complete submission was in place: in memory, and on the disk whatever a power cut loses. */
  const must = { exist: false, survive: false };
  const verdicts = new Map<string, string | null>();
  let isJournalTrusted = true;
  let journal: { readonly node: Node | null; readonly version: number; readonly whole: Buffer } = NO_JOURNAL;
  let durableLines: Buffer = EMPTY;
  let seenSubmission = "";
  let seenVersion = -1;

  const faultOf = (node: Node | null, bytes: Buffer): string | null => {
    if (node === null) return "it is missing";
    const key = `${node.number} ${node.version} ${bytes === node.bytes}`;
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const fault = faultOfSubmission(bytes.toString("utf8"), ids);
    verdicts.set(key, fault);
    return fault;
  };
  /** What is wrong with the submission after the worst power cut that can happen now; null when nothing is. */
  const worstFault = (): string | null => {
    for (const node of tree.candidates(submission)) {
      const fault =
        node !== null && node.unsynced.length > 0 ? "its content is not synced" : faultOf(node, node?.durable ?? EMPTY);
      if (fault !== null) return fault;
    }
    return null;
  };
  const checkSubmission = (): void => {
    const node = tree.find(submission);
    const fault = faultOf(node, node?.bytes ?? EMPTY);
    if (fault !== null && must.exist) report(`the submission is not valid: ${fault}`);
    must.exist ||= fault === null;
    const worst = worstFault();
    if (worst !== null && must.survive) report(`a power cut now would leave no valid submission: ${worst}`);
    must.survive ||= worst === null;
    if (fault === null && node !== null && seenSubmission !== `${node.number} ${node.version}`) {
      seenSubmission = `${node.number} ${node.version}`;
      checkPublished(node);
    }
  };
  /** What is published must be in the journal, and on the disk, or a crash would answer it a second time with other numbers. */
  const checkPublished = (node: Node): void => {
    const { answers } = readJournalText((tree.find(journalPath)?.durable ?? EMPTY).toString("utf8"));
    if (otherPath !== null) {
      checkPublishedOfTwo(node, answers, otherPath);
      return;
    }
    for (const [row, published] of probabilitiesIn(node.bytes.toString("utf8")).entries()) {
      if (isNear(published, PRIOR)) continue;
      const ab = answers.get(keyOf(row, "ab"))?.logProbs ?? null;
      const ba = answers.get(keyOf(row, "ba"))?.logProbs ?? null;
      if (fits(published, ab === null ? [] : [ab], ba === null ? [] : [ba])) continue;
      if (isJournalTrusted) report(`row ${row} is published as ${published}, which the durable journal does not hold`);
      else if (!fits(published, givenTo(row, "ab"), givenTo(row, "ba")))
        report(`row ${row} is published as ${published}, which no server said`);
    }
  };
  /** With two judges a row holds the answers of one of them: those of the second, or before they came those of the first. */
  const checkPublishedOfTwo = (node: Node, own: JournalContent["answers"], path: string): void => {
    if (!isJournalTrusted) return;
    const { answers } = readJournalText((tree.find(path)?.durable ?? EMPTY).toString("utf8"));
    for (const [row, published] of probabilitiesIn(node.bytes.toString("utf8")).entries()) {
      if (isNear(published, PRIOR)) continue;
      const isOf = (judge: JournalContent["answers"]): boolean => {
        const shown = (order: "ab" | "ba") => [judge.get(keyOf(row, order))?.logProbs ?? null, null];
        return shown("ab").some((ab) =>
          shown("ba").some((ba) => (ab !== null || ba !== null) && isNear(published, expectedOfTwo(ab, ba))),
        );
      };
      if (!isOf(own) && !isOf(answers))
        report(`row ${row} is published as ${published}, which the durable journals of both judges do not hold`);
    }
  };
  const givenTo = (row: number, order: "ab" | "ba"): readonly (readonly number[])[] =>
    (record.given.get(keyOf(row, order)) ?? []).map(({ logProbs }) => logProbs);

  const journalNow = (): JournalContent => readJournalText((tree.find(journalPath)?.bytes ?? EMPTY).toString("utf8"));

  const checkJournal = (): void => {
    const node = tree.find(journalPath);
    if (node === journal.node && (node === null || node.version === journal.version)) return;
    const bytes = node?.bytes ?? EMPTY;
    const { whole } = journal;
    if (bytes.length < whole.length || !bytes.subarray(0, whole.length).equals(whole))
      report("a whole line of the journal was changed or lost");
    journal = { node, version: node?.version ?? 0, whole: wholeLines(bytes) };
    const isNameDurable = tree.candidates(journalPath).every((candidate) => candidate === node);
    if (node !== null && isNameDurable) durableLines = wholeLines(node.durable);
  };

  return {
    check: () => {
      if (tree.version() === seenVersion) return;
      seenVersion = tree.version();
      checkSubmission();
      checkJournal();
    },
    workBegins: () => {
      if (!must.exist || !must.survive) report("a server is asked before a complete submission is in place");
    },
    journalFailed: () => {
      isJournalTrusted = false;
    },
    sessionBegins: () => {
      isJournalTrusted = true;
    },
    powerWasCut: () => {
      must.exist &&= must.survive;
      const node = tree.find(journalPath);
      const bytes = node?.bytes ?? EMPTY;
      if (bytes.length < durableLines.length || !bytes.subarray(0, durableLines.length).equals(durableLines)) {
        report("a power cut lost lines of the journal that were synced");
      }
      journal = { node, version: node?.version ?? 0, whole: wholeLines(bytes) };
      durableLines = journal.whole;
      seenSubmission = "";
      // What is left of the session's answers is what the disk holds.
      const kept = tree.find(submission);
      if (kept !== null) seenSubmission = `${kept.number} ${kept.version}`;
      checkSubmission();
    },
    model: () => {
      const [first] = journalNow().answers;
      return first === undefined ? null : (findGiven(first[0], first[1].logProbs)?.model ?? null);
    },
    checkWhole: (end) => {
      const content = journalNow();
      for (const fault of content.faults) report(fault);
      const models = new Set<Model>();
      for (const [key, { logProbs }] of content.answers) {
        const given = findGiven(key, logProbs);
        if (given === undefined) report(`the journal holds an answer to row ${key} that no server gave: ${logProbs}`);
        else models.add(given.model);
      }
      if (models.size > 1) report(`the journal mixes answers of ${[...models].join(" and ")}`);
      if (!isJournalTrusted) return;
      checkRowsFile(content);
      // The second judge is not asked for every row.
      if (end === "done" && folder === RUN_FOLDER) checkTried(content);
    },
  };

  function findGiven(key: string, logProbs: readonly number[]): Given | undefined {
    const isSame = ({ logProbs: given }: Given): boolean =>
      given.every((value, label) => Math.abs(value - (logProbs[label] ?? Number.NaN)) < 1e-9);
    return record.given.get(key)?.find(isSame);
  }

  /** A row may be tried in vain: asked with no answer, or not asked because the server did not list its model. */
  function checkTried({ answers, failures }: JournalContent): void {
    const isTried = (key: string): boolean => answers.has(key) || failures.has(key) || record.asked.has(key);
    const leftOut = ids.filter((_, row) => !isTried(keyOf(row, "ab"))).length;
    if (leftOut > 0) report(`a run is done and has left out ${leftOut} rows`);
  }

  function checkRowsFile({ answers }: JournalContent): void {
    const text = tree.find(rowsPath)?.bytes.toString("utf8") ?? "";
    for (const [row, line] of text.split("\n").slice(0, -1).entries()) {
      const record = JSON.parse(line) as Record<"ab" | "ba", { readonly logProbs: readonly number[] } | null>;
      for (const order of ["ab", "ba"] as const) {
        const written = JSON.stringify(record[order]?.logProbs ?? null);
        const journaled = JSON.stringify(answers.get(keyOf(row, order))?.logProbs ?? null);
        if (written !== journaled)
          report(`rows.jsonl has ${written} for row ${keyOf(row, order)}, the journal folds to ${journaled}`);
      }
    }
  }
}

const EMPTY = Buffer.alloc(0);
const NO_JOURNAL = { node: null, version: 0, whole: EMPTY };

function fits(
  published: readonly number[],
  ab: readonly (readonly number[])[],
  ba: readonly (readonly number[])[],
): boolean {
  return [...ab, null].some((one) =>
    [...ba, null].some((other) => (one !== null || other !== null) && isNear(published, expectedOf(one, other))),
  );
}

function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
}
