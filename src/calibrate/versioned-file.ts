import { z } from "zod";
import { AbtieError } from "../errors.ts";
import { describeIssue } from "../files/schema-problem.ts";

/** A kind of file that abtie writes as JSON and reads again. */
export interface VersionedKind<Content> {
  readonly schema: z.ZodType<Content>;
  /** The versions that are read, a key of the file; the last one is that which is written. */
  readonly versions: readonly [number, ...number[]];
  /** What the file is, for example "calibration file". */
  readonly name: string;
  /** The command that makes one. */
  readonly command: string;
}

/** The part of such a file that every version has. */
const AnyVersion = z.object({ version: z.int() });

/** Writes the content as the text of its file. */
export function formatVersioned(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Reads the text of such a file. Throws AbtieError("config") that names the file and lists every wrong key. */
export function parseVersioned<Content>(text: string, path: string, kind: VersionedKind<Content>): Content {
  const { name, versions, command } = kind;
  const known = versions.join(" or ");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AbtieError("config", `${path}: expected a ${name} (JSON), found text that is not JSON`, { cause });
  }
  const parsed = kind.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const found = AnyVersion.safeParse(value).data?.version;
  if (found !== undefined && !versions.includes(found)) {
    throw new AbtieError(
      "config",
      `${path} is a ${name} of version ${found}, and this abtie reads version ${known}: make it again with \`${command}\``,
    );
  }
  const details = parsed.error.issues.map(
    (issue) => `${issue.path.join(".") || "(the whole file)"}: ${describeIssue(issue)}`,
  );
  throw new AbtieError("config", `${path}: not a ${name} of version ${found ?? known}; make one with \`${command}\``, {
    details,
  });
}
