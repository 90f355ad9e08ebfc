import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FullConfig } from "@playwright/test";
import { runtime } from "./cluster.ts";
import { begin, forget, note } from "./canary.ts";
import { ADMIN, Console } from "./console.ts";
import { freePort } from "./ports.ts";
import { follow } from "./received.ts";
import { sample } from "./sampler.ts";
import { SHARED, type Shared } from "./shared.ts";

/**
 * Starts the consoles that the tests of each worker share, signs in once to each, and ends them behind the last test. They log everything,
 * and what they start is looked at, and their events are heard: a secret of the tests must be nowhere (tests/canary). Unwatched they are as
 * fast as for users.
 */
export default async function setup({ workers }: FullConfig): Promise<() => Promise<void>> {
  const watched = process.env["END2END_UNWATCHED"] === undefined;
  if (watched) begin(mkdtempSync(join(tmpdir(), "berth-end2end-canary-")));
  const started = await Promise.allSettled(Array.from({ length: workers }, (_, worker) => start(watched, workers + worker)));
  const end = async () => {
    const ended = await Promise.allSettled(started.map((one) => (one.status === "fulfilled" ? one.value.end() : undefined)));
    forget();
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  };
  const failed = started.find((one) => one.status === "rejected");
  if (failed) {
    await end();
    throw failed.reason;
  }
  process.env[SHARED] = JSON.stringify(started.flatMap((one) => (one.status === "fulfilled" ? one.value.shared : [])));
  return end;
}

/** One of them, and what ends it. */
async function start(watched: boolean, lane: number): Promise<{ shared: Shared; end: () => Promise<void> }> {
  let [stop, deaf] = [() => {}, () => {}];
  const started = (pid: number, dataDir: string) => void (stop = sample(pid, dataDir));
  const metrics = `127.0.0.1:${await freePort()}`;
  const settings = { BERTH_METRICS_LISTEN: metrics, ...runtime() };
  const special = watched ? { lane, settings: { BERTH_LOG: "trace", ...settings }, started } : { lane, settings };
  const console = await Console.start(["17"], 40, special).catch((error: unknown) => {
    stop();
    throw error;
  });
  const end = async () => {
    deaf();
    stop();
    await console.end();
  };
  try {
    note("the admin's password", ADMIN.password);
    const admin = await console.admin();
    // outlives the half hour of an access token
    const { token } = await admin.good<{ token: string }>(admin.post("/users/me/tokens", { label: "tests" }));
    const shared: Shared = { url: console.url, metrics: `http://${metrics}/metrics`, dataDir: console.dataDir, token, cookie: await cookie(console.url) };
    note("a session's cookie", shared.cookie.value);
    if (watched) deaf = follow(console.url, token);
    return { shared, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A browser's session, made by the form that people use. */
async function cookie(url: string): Promise<Shared["cookie"]> {
  const form = new URLSearchParams(ADMIN);
  const answer = await fetch(`${url}/sign-in`, { method: "POST", body: form, headers: { origin: url }, redirect: "manual" });
  const pair = /^([^=]+)=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "");
  if (!pair?.[1] || !pair[2]) throw new Error(`signing in was answered with ${answer.status} and no cookie`);
  return { name: pair[1], value: pair[2] };
}
