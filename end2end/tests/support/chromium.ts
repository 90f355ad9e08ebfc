import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The browser: CHROMIUM, or the first `chromium` on the search path. */
export function chromium(): string {
  const named = process.env["CHROMIUM"];
  if (named) return named;
  const dirs = (process.env["PATH"] ?? "").split(delimiter);
  // without one the other projects still run
  return dirs.map((dir) => join(dir, "chromium")).find(runs) ?? "chromium";
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
