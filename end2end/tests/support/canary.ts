import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";

export const CANARY = "END2END_CANARY";

/** Shorter ones, or of fewer letters, aren't secrets but words, and stand everywhere. */
const SHORTEST = 10;
const LETTERS = 5;
/** What tests guess, and the console says of a guess in its own words. */
const WORDS = ["wrong password"];
/** What a token is called by where it is revoked. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Names of fields whose values nobody else may see; `value` is one beside a `key`. */
const SECRET = /^(password|current_password|new_password|token|access_token|refresh_token)$/;

/** A secret that the tests have seen, and what it is. */
export interface Canary {
  kind: string;
  secret: string | Buffer;
}

/** Begins to note what the tests see, for the sweep behind them. */
export function begin(dir: string): void {
  mkdirSync(join(dir, "records"), { recursive: true });
  process.env[CANARY] = dir;
}

/** Removes all that was noted. */
export function forget(): void {
  const dir = process.env[CANARY];
  if (dir) rmSync(dir, { recursive: true, force: true });
}

const known = new Set<string>();

/** Notes a secret. Where nobody sweeps, nothing happens. */
export function note(kind: string, secret: string): void {
  if (isWorthIt(secret)) append("secrets", { kind, secret });
}

function isWorthIt(text: string): boolean {
  return text.length >= SHORTEST && new Set(text).size >= LETTERS && !WORDS.includes(text) && !ID.test(text);
}

function append(name: string, line: object): void {
  const dir = process.env[CANARY];
  const text = JSON.stringify(line);
  if (!dir || known.has(text)) return;
  known.add(text);
  appendFileSync(join(dir, name), `${text}\n`);
}

/** Notes the secrets in an answer, by the names of their fields. */
export function noteAll(body: unknown): void {
  walk(body, (name, value, secret) => secret && note(`a ${name}`, value));
}

/** The same for what is sent, JSON or a form. What is sent as a label, too, is no secret: that may stand anywhere. */
export function noteSent(text: string): void {
  walk(parse(text), (name, value, secret) => {
    if (secret) note(`a ${name}`, value);
    else if (isWorthIt(value)) append("plain", { text: value });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return Object.fromEntries(new URLSearchParams(text));
  }
}

function walk(body: unknown, found: (name: string, value: string, secret: boolean) => void): void {
  if (body === null || typeof body !== "object") return;
  for (const [name, value] of Object.entries(body)) {
    const secret = SECRET.test(name) || (name === "value" && "key" in body);
    if (typeof value === "string") found(name, value, secret);
    else walk(value, found);
  }
}

/** Keeps something that will be searched. The same bytes from the same place are kept once. */
export function record(where: string, bytes: Buffer | string): void {
  const dir = process.env[CANARY];
  if (!dir) return;
  const file = createHash("sha256").update(where).update("\0").update(bytes).digest("hex");
  const path = join(dir, "records", file);
  if (!existsSync(path)) writeFileSync(path, bytes);
  append("index", { where, file });
}

/** Keeps more of something that comes in pieces. */
export function recordMore(where: string, bytes: Buffer): void {
  const dir = process.env[CANARY];
  if (!dir) return;
  const file = createHash("sha256").update(where).digest("hex");
  appendFileSync(join(dir, "records", file), bytes);
  append("index", { where, file });
}

/** Every secret that was noted so far, under the first name that it was given. */
export function secrets(): Canary[] {
  const plain = new Set(lines<{ text: string }>("plain").map(({ text }) => text));
  const all = lines<{ kind: string; secret: string }>("secrets").filter(({ secret }) => !plain.has(secret));
  return [...new Map(all.reverse().map((canary) => [canary.secret, canary])).values()];
}

/** What was kept, and where it is from. */
export function records(): { where: string; path: string }[] {
  return lines<{ where: string; file: string }>("index").map(({ where, file }) => ({ where, path: join(place(), "records", file) }));
}

function lines<T>(name: string): T[] {
  const path = join(place(), name);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as T);
}

function place(): string {
  const dir = process.env[CANARY];
  if (!dir) throw new Error("nobody began to note secrets");
  return dir;
}
