import { runtime } from "./cluster.ts";
import { begin, forget, note } from "./canary.ts";
import { ADMIN, Console } from "./console.ts";
import { freePort } from "./ports.ts";
import { follow } from "./received.ts";
import { sample } from "./sampler.ts";
import { SHARED, type Shared } from "./shared.ts";

/**
 * Starts the console that the tests share, signs in once, and ends it behind the last test. It logs everything, and what it starts is
 * looked at, and its events are heard: a secret of the tests must be nowhere (tests/canary). Unwatched it is as fast as it is for users.
 */
export default async function setup(): Promise<() => Promise<void>> {
  let [stop, deaf] = [() => {}, () => {}];
  const started = (pid: number, dataDir: string) => {
    begin(`${dataDir}.canary`);
    stop = sample(pid, dataDir);
  };
  const quiet = () => {
    deaf();
    stop();
    forget();
  };
  const watched = process.env["END2END_UNWATCHED"] === undefined;
  const metrics = `127.0.0.1:${await freePort()}`;
  const settings = { BERTH_METRICS_LISTEN: metrics, ...runtime() };
  const special = watched ? { settings: { BERTH_LOG: "trace", ...settings }, started } : { settings };
  const console = await Console.start(["17"], 40, special).catch((error: unknown) => {
    quiet();
    throw error;
  });
  const end = async () => {
    quiet();
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
    process.env[SHARED] = JSON.stringify(shared);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

/** A browser's session, made by the form that people use. */
async function cookie(url: string): Promise<Shared["cookie"]> {
  const form = new URLSearchParams(ADMIN);
  const answer = await fetch(`${url}/sign-in`, { method: "POST", body: form, headers: { origin: url }, redirect: "manual" });
  const pair = /^([^=]+)=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "");
  if (!pair?.[1] || !pair[2]) throw new Error(`signing in was answered with ${answer.status} and no cookie`);
  return { name: pair[1], value: pair[2] };
}
