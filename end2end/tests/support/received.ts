import { type BrowserContext, type Request } from "@playwright/test";
import { note, noteSent, record, recordMore } from "./canary.ts";

/** What can hold text that the console wrote: not its fonts and pictures. */
const TEXT = /html|json|javascript|wasm|text\//;

/** The calls that exist to show a secret, and what it is. Their answers are the only ones that may hold one. */
export const SHOWS: Record<string, string> = { "POST /call/reveal": "a password", "POST /call/create_token": "a token" };

/** How long a body is waited for: of some that a page has left behind, the browser says nothing any more. */
const PATIENCE = 5_000;

/** Keeps what the console sends to a context's pages, and notes what they send; answers what waits until all is kept. */
export function keep(context: BrowserContext): () => Promise<void> {
  const waiting: Promise<void>[] = [];
  const wrong: unknown[] = [];
  // what goes wrong here is told at the end, and not in the middle of a test
  const wait = (work: Promise<void>) => waiting.push(work.catch((error: unknown) => void wrong.push(error)));
  context.on("requestfinished", (request) => wait(answer(request)));
  context.on("request", (request) => {
    const body = request.postData();
    if (body) noteSent(body);
  });
  return async () => {
    await Promise.all(waiting);
    if (wrong.length > 0) throw wrong[0];
    for (const { name, value } of await context.cookies()) if (name.startsWith("berth-")) note("a session's cookie", value);
  };
}

/** Those that were kept. */
const assets = new Set<string>();

async function answer(request: Request): Promise<void> {
  const where = `${request.method()} ${new URL(request.url()).pathname}`;
  const response = await request.response().catch(() => null);
  // an asset's name changes with its content
  if (!response || (response.status() >= 300 && response.status() < 400) || assets.has(where)) return;
  const type = response.headers()["content-type"] ?? "";
  if (!TEXT.test(type) || type.includes("event-stream")) return;
  const late = new Promise<undefined>((done) => setTimeout(done, PATIENCE, undefined).unref());
  const body = await Promise.race([response.body().catch(() => undefined), late]);
  if (!body) return record("lost", where);
  if (where.startsWith("GET /pkg/")) assets.add(where);
  record(where, body);
  const kind = SHOWS[where];
  if (kind && response.ok()) note(kind, shown(JSON.parse(body.toString("utf8"))));
}

/** The secret itself; the refusal of a form is a good answer without one. */
function shown(answer: string | { words?: string }): string {
  return typeof answer === "string" ? answer : (answer.words ?? "");
}

/** Follows the stream of events with a token, as a page does, until it is told to stop. */
export function follow(url: string, token: string): () => void {
  const stop = new AbortController();
  const hear = async () => {
    const answer = await fetch(`${url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` }, signal: stop.signal });
    // a refusal is no stream
    if (!answer.ok) return;
    for await (const bytes of answer.body ?? []) recordMore("the stream of events", Buffer.from(bytes));
  };
  const on = async () => {
    while (!stop.signal.aborted) {
      // it may be ended, and begins anew
      await hear().catch(() => undefined);
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  void on();
  return () => stop.abort();
}
