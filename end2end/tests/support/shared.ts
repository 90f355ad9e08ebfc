import { Api } from "./api.ts";
import { run, binary } from "./binary.ts";
import { ADMIN, clean } from "./console.ts";

export const SHARED = "END2END_SHARED";

/** What the tests know of a console that those of one worker share. */
export interface Shared {
  url: string;
  /** Where the console counts what it does. */
  metrics: string;
  dataDir: string;
  /** A personal token of its admin. */
  token: string;
  /** A browser session of its admin. */
  cookie: { name: string; value: string };
}

/** That of each worker. */
export function everyShared(): Shared[] {
  const text = process.env[SHARED];
  if (!text) throw new Error("the shared consoles weren't started");
  return JSON.parse(text) as Shared[];
}

/** That of this worker. */
export function shared(): Shared {
  const mine = everyShared()[Number(process.env["TEST_PARALLEL_INDEX"])];
  if (!mine) throw new Error("every worker has a console, and this is none");
  return mine;
}

/** The admin of the shared console. */
export function admin(): Api {
  return new Api(shared().url, shared().token);
}

/** Nobody, yet. */
export function stranger(): Api {
  return new Api(shared().url);
}

/** A subcommand on the shared console's data directory. */
export function berth(args: string[], stdin = "") {
  return run(binary(), [...args, "--data-dir", shared().dataDir], { stdin, env: clean() });
}

/** Makes a user of the shared console and signs him in. */
export async function user(email: string, role: string): Promise<Api> {
  const ran = await berth(["user", "add", email, "--role", role, "--password-stdin"], `${ADMIN.password}\n`);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return stranger().signIn(email, ADMIN.password);
}
