import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

/** The program under test: BERTH, or the release build. */
export function binary(): string {
  const path = resolve(process.env["BERTH"] ?? resolve(ROOT, "target/release/berth"));
  if (!existsSync(path)) {
    throw new Error(`There is no program to test at ${path}: run \`make build\`, or name one in BERTH`);
  }
  return path;
}

/** Programs of PostgreSQL, kept from run to run: `binaries/<version>` below it. */
export function cache(): string {
  return resolve(process.env["BERTH_TEST_CACHE"] ?? resolve(ROOT, "target/berth-test-cache"));
}

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export function run(program: string, args: string[], options: { stdin?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env: options.env ?? process.env, stdio: "pipe" });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
    // a program that ends before it has read everything says why by its exit code
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
}

/** What a program prints that has to end well. */
export async function must(program: string, args: string[]): Promise<string> {
  const ran = await run(program, args);
  if (ran.code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${ran.code}:\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}
