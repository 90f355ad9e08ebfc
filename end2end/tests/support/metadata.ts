import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./binary.ts";
import { shared } from "./shared.ts";

/** Runs a statement in a console's own store, the shared one's by default: for what no API makes, such as a thousand services, or tells. */
export async function metadata(sql: string, dataDir = shared().dataDir): Promise<string> {
  const dir = join(dataDir, "metadata");
  const password = readFileSync(join(dir, "superuser"), "utf8").trim();
  // the socket's directory: line 5 of the file, https://www.postgresql.org/docs/17/storage-file-layout.html
  const socket = readFileSync(join(dir, "data/postmaster.pid"), "utf8").split("\n")[4]!;
  const env = { PATH: process.env["PATH"], PGPASSWORD: password, PGHOST: socket, PGUSER: "postgres", PGDATABASE: "berth", PSQLRC: "/dev/null" };
  const ran = await run("psql", ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql], { env });
  if (ran.code !== 0) throw new Error(ran.stderr);
  return ran.stdout.trim();
}
