import { readFileSync, readdirSync, readlinkSync } from "node:fs";

export interface Proc {
  pid: number;
  command: string;
}

/** Every process that works in or below a directory, or was told of it on its command line. Our own isn't one. */
export function below(dir: string): Proc[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  const named = all.filter((pid) => pid !== process.pid).map((pid) => ({ pid, command: command(pid) }));
  return named.filter(({ pid, command }) => {
    const inside = (path: string) => path === dir || path.startsWith(`${dir}/`);
    return !ended(pid) && (inside(cwd(pid)) || command.split(" ").some((word) => inside(word)));
  });
}

/** The servers themselves, without the processes that they start. */
export function postmasters(dir: string): Proc[] {
  const all = below(dir).filter(({ command }) => /\/postgres -D /.test(command));
  // what one has just started still has its command line, and whoever has ended meanwhile has no parent
  return all.filter(({ pid }) => parent(pid) !== 0 && !all.some((other) => other.pid === parent(pid)));
}

/** True where a process is no more, though nobody may have asked for its exit code yet. */
export function ended(pid: number): boolean {
  const now = state(pid);
  return now === undefined || now === "Z" || now === "X";
}

/** True where it does nothing until it is told to go on. */
export function stopped(pid: number): boolean {
  const now = state(pid);
  return now === "T" || ended(pid);
}

/** The memory that the servers below a directory share: files, and segments of System V by their number. */
export function sharedMemory(dir: string): { files: string[]; segments: string[] } {
  const maps = below(dir).flatMap(({ pid }) => read(`/proc/${pid}/maps`).split("\n"));
  const all = (pattern: RegExp) => [...new Set(maps.flatMap((line) => pattern.exec(line)?.[1] ?? []))];
  return { files: all(/ (\/dev\/shm\/PostgreSQL\.\d+)/), segments: all(/ (\d+) +\/SYSV[0-9a-f]+ /) };
}

/** Who has started it, or 0. */
export function parent(pid: number): number {
  return Number(/^\d+ \(.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`))?.[1] ?? 0);
}

function state(pid: number): string | undefined {
  return /^\d+ \(.*\) (\S)/s.exec(read(`/proc/${pid}/stat`))?.[1];
}

function command(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

function cwd(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // another user's, or gone
    return "";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
