import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { run } from "./binary.ts";
import { address } from "./cluster.ts";

/** What a statement answers, as bare text. */
export async function psql(url: string, sql: string): Promise<string> {
  const ran = await run("psql", ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, url], { env: { ...plain(), ...(await address(url)) } });
  if (ran.code !== 0) throw new Error(`psql ended with ${ran.code}: ${ran.stderr}`);
  return ran.stdout.trim();
}

/** Runs a line as it stands, as somebody who pastes it into a shell does, and types SQL into what it starts. */
export async function shell(line: string, sql: string): Promise<string> {
  const env = { ...plain(), ...(await address(line)) };
  const ran = await run("/bin/sh", ["-c", line], { stdin: `\\set QUIET on\n\\pset format unaligned\n\\t on\n${sql}\n`, env });
  if (ran.code !== 0) throw new Error(`the line ended with ${ran.code}: ${ran.stderr}`);
  return ran.stdout.trim();
}

/** Nothing of this machine's settings helps a line to work. */
function plain(): NodeJS.ProcessEnv {
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith("PG"));
  return { ...Object.fromEntries(env), PSQLRC: "/dev/null" };
}

/** A session that stays open, as an application's does. */
export class Session {
  private readonly child: ChildProcessWithoutNullStreams;
  private output = "";
  private heard: () => void = () => {};

  constructor(url: string) {
    this.child = spawn("psql", ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", url], { env: plain(), stdio: "pipe" });
    const hear = (text: string) => {
      this.output += text;
      this.heard();
    };
    this.child.stdout.setEncoding("utf8").on("data", hear);
    this.child.stderr.setEncoding("utf8").on("data", hear);
    this.child.on("close", () => this.heard());
    this.child.stdin.on("error", () => {});
  }

  /** The answer to a statement in this very session. */
  async ask(sql: string): Promise<string> {
    const mark = `end-${Math.random()}`;
    this.output = "";
    this.child.stdin.write(`${sql};\n\\echo ${mark}\n`);
    while (!this.output.includes(mark)) {
      if (this.child.exitCode !== null) throw new Error(`the session was cut: ${this.output}`);
      await new Promise<void>((done) => (this.heard = done));
    }
    return this.output.slice(0, this.output.indexOf(mark)).trim();
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.child.once("close", done));
    this.child.stdin.end("\\q\n");
    await closed;
  }
}
