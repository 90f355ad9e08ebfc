import { readFileSync, readdirSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { shared } from "../support/shared.ts";

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  ms: number;
}

export interface Asked {
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  /** A loopback address to come from: whoever guesses passwords is counted by it. */
  from?: string;
  /** Another console than the shared one. */
  url?: string;
}

/** A request with exactly these headers: `fetch` adds some of its own and forbids others. */
export function ask(method: string, path: string, { headers = {}, body, from = "127.0.0.1", url = shared().url }: Asked = {}): Promise<Reply> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const began = performance.now();
  return new Promise((done, fail) => {
    const sent = request({ hostname, port, method, path, localAddress: from, headers: { ...length, ...headers }, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", fail);
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        done({ status: answer.statusCode ?? 0, headers: answer.headers, text, ms: performance.now() - began });
      });
    });
    sent.on("error", fail).end(body);
  });
}

/** The shared admin's browser, on a page of the console's own. */
export function own(more: Record<string, string> = {}): Record<string, string> {
  const { url, cookie } = shared();
  return { cookie: `${cookie.name}=${cookie.value}`, origin: url, ...more };
}

/** A server function, called as the console's own pages do. */
export async function call(endpoint: string, args: object, headers = own()): Promise<Reply> {
  return ask("POST", `/call/${endpoint}`, { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(args) });
}

/** A form that a page of the console's own sends. */
export function form(path: string, fields: Record<string, string>, asked: Asked = {}): Promise<Reply> {
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: asked.url ?? shared().url, ...asked.headers };
  return ask("POST", path, { ...asked, headers, body: new URLSearchParams(fields).toString() });
}

/** Bytes as they stand over a socket of our own, and what came back until the other side closed. `status` 0: nothing did; -1: nothing did, and it was left open. `finish`: nothing more will come. */
export function raw(bytes: (string | Buffer)[], { finish = false, within = 15_000 } = {}): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(shared().url);
  return new Promise((done) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let silence = 0;
    const end = () => {
      clearTimeout(late);
      socket.destroy();
      const text = Buffer.concat(chunks).toString("latin1");
      done({ status: Number(/^HTTP\/1\.[01] (\d{3}) /.exec(text)?.[1] ?? silence), text });
    };
    const late = setTimeout(() => {
      silence = -1;
      end();
    }, within);
    socket.on("data", (chunk) => chunks.push(chunk)).once("end", end).once("error", end).once("close", end);
    for (const part of bytes) socket.write(part);
    if (finish) socket.end();
  });
}

/** The cookie of an answer, as a browser sends it back. */
export function kept({ headers }: Reply): string {
  return String(headers["set-cookie"]?.[0]).split(";")[0]!;
}

/** Every server function that the console's source has: one that no test attacks is noticed. */
export function endpoints(): string[] {
  const dir = resolve(import.meta.dirname, "../../../app/src/calls");
  const sources = readdirSync(dir).map((name) => readFileSync(join(dir, name), "utf8"));
  return sources.flatMap((source) => [...source.matchAll(/endpoint = "(\w+)"/g)].map(([, name]) => name!)).sort();
}

/** The middle one. */
export function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
