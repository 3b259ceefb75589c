import { fileURLToPath } from "node:url";

/** Locates a file of launch/, in a checkout and in the installed package: src/setup and dist/setup are equally deep. */
export function launchFile(name: string): string {
  return fileURLToPath(new URL(`../../launch/${name}`, import.meta.url));
}
