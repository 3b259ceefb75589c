import { messageOf } from "../../errors.ts";
import { type Disk, nodeDisk } from "../../files/disk.ts";
import { explainFileError } from "../../files/explain.ts";
import type { Clock, Log } from "../../types.ts";
import { createBacklog } from "./backlog.ts";
import { encodeEvent, type JournalEvent } from "./events.ts";
import { type OpenedFile, openJournalFile } from "./open-file.ts";

export interface JournalOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Default: the disk of this machine. */
  readonly disk?: Disk;
  /** Longest time that an event stays in memory, ms; default 200. */
  readonly flushMs?: number;
  /** Size (bytes) of the waiting events at which they are written before `flushMs` has passed; default 256 kB. */
  readonly flushBytes?: number;
  /**
   * When the journal forces written bytes onto the disk: "always" after each write; "batch" (default) at checkpoints
   * and at the end; "never".
   */
  readonly fsync?: "always" | "batch" | "never";
  /** Opens the file. Tests replace it to let writes fail. */
  readonly openFile?: (path: string) => Promise<OpenedFile>;
}

/** An open journal. Disposing it closes the file. */
export interface Journal extends AsyncDisposable {
  /** Keeps an event in memory until it is written to the file. Throws an Error when a result contains NaN. */
  readonly append: (event: JournalEvent) => void;
  /** Writes all events appended so far. Resolves when they are in the file, or when the file could not be written. */
  readonly flush: () => Promise<void>;
  /**
   * Appends a checkpoint unless the last event is one, and writes all events. Forces the bytes onto the disk unless
   * fsync is "never".
   */
  readonly checkpoint: () => Promise<void>;
  /**
   * Writes the events that wait, forces them onto the disk and closes the file. No event can be appended afterwards.
   */
  readonly close: () => Promise<void>;
}

const LONGEST_RETRY_MS = 10_000;

/**
 * Opens a journal for appending. Throws AbtieError("data") when the file cannot be opened. Later failures (disk full,
 * I/O error) never throw, because a run without a journal is better than none. The first of several failures in a row
 * is logged, and the write is repeated after longer and longer waits. The caller holds the lock of the run folder, so
 * that only one process writes.
 */
export async function openJournal(path: string, options: JournalOptions): Promise<Journal> {
  const { clock, log, disk = nodeDisk, flushMs = 200, flushBytes = 1 << 18, fsync = "batch" } = options;
  const { file, size, cut } = await (options.openFile?.(path) ?? openJournalFile(path, disk));
  if (cut > 0) log("info", `${path}: cut off ${cut} bytes of a last line that was never finished`);
  const backlog = createBacklog(file, size);
  const closing = new AbortController();
  let failures = 0;
  // The process that wrote the present lines may have been killed before they were on the disk.
  let unsynced = size > 0;
  let unmarked = false;
  let writing: Promise<void> | undefined;
  let timer: Promise<void> | undefined;

  const write = async (sync: boolean): Promise<void> => {
    try {
      unsynced ||= backlog.lines() > 0;
      await backlog.write();
      if (unsynced && fsync !== "never" && (sync || fsync === "always")) {
        await file.datasync();
        unsynced = false;
      }
      if (failures > 0) log("info", `${path}: the journal is written again`);
      failures = 0;
    } catch (error) {
      if (failures === 0) log("error", describe(path, error));
      failures += 1;
    }
  };
  // Two writes at the same time could change the order of the lines.
  const writeNext = (sync: boolean): Promise<void> => {
    const before = writing ?? Promise.resolve();
    const mine = before
      .then(() => write(sync))
      .then(() => {
        if (writing === mine) writing = undefined;
        if (failures > 0) arm();
      });
    writing = mine;
    return mine;
  };
  const arm = (): void => {
    if (timer !== undefined || closing.signal.aborted) return;
    const wait = failures === 0 ? flushMs : Math.min(LONGEST_RETRY_MS, flushMs * 2 ** failures);
    timer = clock.sleep(wait, closing.signal).then(
      () => {
        timer = undefined;
        return writeNext(false);
      },
      () => {},
    );
  };
  const append = (event: JournalEvent): void => {
    if (closing.signal.aborted) throw new Error("the journal is closed");
    backlog.push(encodeEvent(event));
    unmarked = event.event !== "checkpoint";
    if (backlog.size() >= flushBytes && failures === 0 && writing === undefined) void writeNext(false);
    else arm();
  };
  const close = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    closing.abort();
    await timer;
    await writeNext(true);
    if (backlog.lines() > 0) log("error", `${path}: ${backlog.lines()} events could not be written`);
    await file.close().catch((error: unknown) => log("error", describe(path, error)));
  };
  return {
    append,
    flush: () => writeNext(false),
    checkpoint: () => {
      if (unmarked) append({ event: "checkpoint", at: clock.now() });
      return writeNext(true);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function describe(path: string, error: unknown): string {
  const explained = explainFileError("write", path, error);
  const message = messageOf(explained);
  return `${message} The run goes on; its journal is kept in memory and written when the file takes it.`;
}
