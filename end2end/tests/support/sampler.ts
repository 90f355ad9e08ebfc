import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { record } from "./canary.ts";
import { parent } from "./procs.ts";

/** Most programs that a console starts live longer; a shorter one is seen or not. */
const EVERY = 20;
/** A process that was born just now may be on its way to another program; a server writes what it does into its title. */
const AGAIN = 25;

/** Records the arguments and the environment of every process that belongs to a console, until it is told to stop. */
export function sample(pid: number, dataDir: string): () => void {
  const seen = new Map<string, { ours: boolean; looks: number }>();
  const look = () => {
    const now = new Set(readdirSync("/proc").filter((name) => /^\d/.test(name)));
    for (const name of seen.keys()) if (!now.has(name)) seen.delete(name);
    for (const name of now) {
      const process = seen.get(name) ?? { ours: false, looks: 0 };
      process.looks += 1;
      seen.set(name, process);
      if (process.looks > 3 && (!process.ours || process.looks % AGAIN !== 0)) continue;
      process.ours ||= belongs(Number(name), pid, dataDir);
      if (process.ours) keep(name);
    }
  };
  const timer = setInterval(look, EVERY).unref();
  return () => {
    look();
    clearInterval(timer);
  };
}

function keep(pid: string): void {
  const [argv, environ] = [read(pid, "cmdline"), read(pid, "environ")];
  // between fork and exec a child is still its parent, and the console may have its own environment
  const of = /\0serve\0/.test(argv) ? "the console" : "a process that it started";
  if (argv) record(`the arguments of ${of}`, argv);
  if (environ) record(`the environment of ${of}`, environ);
}

function belongs(pid: number, console: number, dataDir: string): boolean {
  if (pid === console || parents(pid).includes(console)) return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(dataDir);
  } catch {
    return false;
  }
}

function parents(pid: number): number[] {
  const all: number[] = [];
  for (let at = pid; at > 1 && all.length < 10; ) {
    at = parent(at);
    all.push(at);
  }
  return all;
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    // it has ended
    return "";
  }
}
