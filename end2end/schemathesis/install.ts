import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { must } from "../tests/support/binary.ts";

const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
/** Nothing but what is named there, with these bytes; none of it is built here. */
const EXACTLY = ["--no-deps", "--require-hashes", "--only-binary", ":all:"];

/** schemathesis in a virtual environment of its own, below `target/`; made once for each list of requirements. */
export async function schemathesis(): Promise<string> {
  const hash = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 12);
  const dir = resolve(import.meta.dirname, `../../target/schemathesis-${hash}`);
  const whole = join(dir, "installed");
  if (!existsSync(whole)) {
    // what an earlier try has left half done goes
    await must(process.env["PYTHON"] ?? "/usr/bin/python3", ["-m", "venv", "--clear", dir]);
    await must(join(dir, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", ...EXACTLY, "-r", REQUIREMENTS]);
    writeFileSync(whole, "");
  }
  return join(dir, "bin/schemathesis");
}
