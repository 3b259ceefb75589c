/**
 * Says in plain words how one value of a manifest differs. `path` is its path there, `before` and `now` are its values as JSON;
 * undefined: the manifest lacks it. A person knows the keys of the config and the files, not their hashes.
 */
export function describeChange(path: string, before: string | undefined, now: string | undefined): string {
  const file = HASHES[path] ?? (path.startsWith("hashes.") ? `the model's file ${path.slice("hashes.".length)}` : null);
  if (file !== null) return describeFile(file, before, now);
  const name = NAMES[path] ?? path.replace(/^config\./, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return `${name} was ${show(before)}, is now ${show(now)}`;
}

const HASHES: Readonly<Record<string, string>> = {
  "hashes.data": "the input file",
  "hashes.ids": "the list of ids in the input file",
  "hashes.template": "the template",
  "hashes.weights": "the folder of the model's weights",
};

const NAMES: Readonly<Record<string, string>> = {
  rows: "the number of rows",
  method: "the way to read label probabilities (engine.method)",
  "versions.abtie": "the version of abtie",
};

function describeFile(file: string, before: string | undefined, now: string | undefined): string {
  if (isMissing(now)) return `${file} is not there any more`;
  return isMissing(before) ? `${file} is new` : `${file} has other content than before`;
}

function isMissing(hash: string | undefined): boolean {
  return hash === undefined || hash === '"missing"';
}

function show(value: string | undefined): string {
  if (value === undefined || value === "null") return "not set";
  return value.length > 60 ? `${value.slice(0, 57)}...` : value;
}
