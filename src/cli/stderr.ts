/** Largest number of characters that wait while the reader of stderr does not read; further text is dropped. */
const MOST_WAITING = 1 << 20;
/** Longest time (ms) that the end of the process waits for the reader of stderr. */
const FLUSH_MS = 2_000;

/**
 * Makes writes to a terminal return at once. By default, Node waits inside each write until the terminal has read the
 * text, so a terminal that does not read (Ctrl-S, a hanging ssh connection) would block the main thread and therefore
 * the watchdog.
 */
export function unblock(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { readonly _handle?: { readonly setBlocking?: (blocking: boolean) => void } };
  handle?.setBlocking?.(false);
}

/** Writes text for a person, or drops the text when too many characters already wait. */
export function writeOrDrop(stream: NodeJS.WriteStream, text: string): void {
  if (stream.writableLength < MOST_WAITING) stream.write(text);
}

/**
 * Calls `done` after all text of stdout has been read, however long that takes, or with the error that lost it. Also waits for stderr,
 * but at most 2 s.
 */
export function whenWritten(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  done: (lost: Error | null) => void,
): void {
  stdout.write("", (error) => {
    const lost = error ?? null;
    stderr.write("", () => done(lost));
    setTimeout(() => done(lost), FLUSH_MS);
  });
}
