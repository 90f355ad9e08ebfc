import { ADMIN, Console } from "./console.ts";
import { SHARED, type Shared } from "./shared.ts";

/** Starts the console that the tests share, signs in once, and ends it behind the last test. */
export default async function setup(): Promise<() => Promise<void>> {
  const console = await Console.start();
  try {
    const admin = await console.admin();
    // outlives the half hour of an access token
    const { token } = await admin.good<{ token: string }>(admin.post("/users/me/tokens", { label: "tests" }));
    const shared: Shared = { url: console.url, dataDir: console.dataDir, token, cookie: await cookie(console.url) };
    process.env[SHARED] = JSON.stringify(shared);
  } catch (error) {
    await console.end();
    throw error;
  }
  return () => console.end();
}

/** A browser's session, made by the form that people use. */
async function cookie(url: string): Promise<Shared["cookie"]> {
  const form = new URLSearchParams(ADMIN);
  const answer = await fetch(`${url}/sign-in`, { method: "POST", body: form, headers: { origin: url }, redirect: "manual" });
  const pair = /^([^=]+)=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "");
  if (!pair?.[1] || !pair[2]) throw new Error(`signing in was answered with ${answer.status} and no cookie`);
  return { name: pair[1], value: pair[2] };
}
