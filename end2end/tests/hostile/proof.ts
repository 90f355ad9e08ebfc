import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { metadata } from "../support/metadata.ts";
import { postmasters } from "../support/procs.ts";
import { shared } from "../support/shared.ts";

/** The process of the shared console. */
export function consolePid(): number {
  const pid = Number(/\d+/.exec(readFileSync(join(shared().dataDir, "berth.pid"), "utf8"))?.[0]);
  if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("serve")) throw new Error(`${pid} isn't the console`);
  return pid;
}

/** Its memory, in MiB. */
export function memory(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${consolePid()}/status`, "utf8"))?.[1]) / 1024;
}

const logFile = () => `${shared().dataDir}.log`;

/** How many bytes the shared console has written to its log so far. */
export function logged(): number {
  return statSync(logFile()).size;
}

/** What it has written since then: at trace the whole grows beyond what a string can hold. */
export function log(since: number): string {
  const bytes = Buffer.alloc(logged() - since);
  const file = openSync(logFile(), "r");
  try {
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, since));
  } finally {
    closeSync(file);
  }
}

/** Rows of the console's own store. */
export async function rows<T>(sql: string): Promise<T[]> {
  return JSON.parse(await metadata(`select coalesce(jsonb_agg(r), '[]') from (${sql}) r`)) as T[];
}

/** What no request may change by the way: tables, roles, and the rows of those tables that nothing in these tests writes. */
const STORE = [
  ...["workspaces", "memberships", "users", "regions", "plans", "resources", "resource_projects"].map(
    (table) => `select '${table}' as what, md5(string_agg(t::text, ' ' order by t::text)) as stands from ${table} t`,
  ),
  "select 'tables', string_agg(tablename, ' ' order by tablename) from pg_tables where schemaname = 'public'",
  "select 'roles', string_agg(rolname || rolsuper, ' ' order by rolname) from pg_roles",
].join(" union all ");

/** Places where a path that gets out, or a shell, leaves its file. */
function stray(canary: string): string[] {
  const { dataDir } = shared();
  const places = ["/", "/tmp", tmpdir(), "/var/tmp", process.cwd(), readlinkSync(`/proc/${consolePid()}/cwd`), dirname(dataDir)];
  const above = places.filter(existsSync).flatMap((place) => readdirSync(place).map((name) => join(place, name)));
  return [...above, ...everything(dataDir)].filter((path) => path.includes(canary));
}

/** Every path below a directory; read anew where a directory of a service that is being deleted goes meanwhile. */
function everything(dir: string): string[] {
  for (;;) {
    try {
      return readdirSync(dir, { recursive: true }).map(String);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || !existsSync(dir)) throw error;
    }
  }
}

/** How things stand; equal to what stood before, where nothing had an effect. */
export async function standing(canary: string): Promise<object> {
  return { pid: consolePid(), servers: postmasters(shared().dataDir).map(({ pid }) => pid), store: await rows(STORE), stray: stray(canary) };
}

/** Lines of the log that tell of our own fault: what a page hides stands here. */
export function faults(since: number): string[] {
  // colours are for people at a terminal
  const plain = log(since).replace(/\u001b\[[0-9;]*m/g, "");
  return plain.split("\n").filter((line) => / ERROR |panicked/.test(line));
}
