import { setTimeout as pause } from "node:timers/promises";
import { SERVICES, expect, open, state, test } from "../support/browser.ts";
import { type Thing, kubernetes, labelled } from "../support/cluster.ts";
import { admin, shared } from "../support/shared.ts";
import { until } from "../support/until.ts";

const SAMPLES = 5;
/** How long a console that has nothing to do is watched. */
const REST_MS = 120_000;
const CLUSTERS = "apis/postgresql.cnpg.io/v1";

/** When the operator said so, by the clock of this machine. */
async function operated(name: string): Promise<number> {
  const path = async () => {
    const [cluster] = await until("the cluster", () => labelled("clusters", `berth.dev/name=${name}`, CLUSTERS), ([it]) => it !== undefined);
    return `/${CLUSTERS}/namespaces/${(cluster as Thing).metadata.namespace}/clusters/${name}`;
  };
  const at = await path();
  const look = () => kubernetes<{ status?: { phase?: string } }>("GET", at);
  await until("the operator's word", look, ({ status }) => status?.phase === "Cluster in healthy state", { within: 240_000, every: 5 });
  return Date.now();
}

/** Requests of the console to the API server so far, and those that it passed on to pods. */
async function requests(): Promise<{ server: number; pod: number }> {
  const text = await (await fetch(shared().metrics)).text();
  const count = (to: string) => Number(new RegExp(`^berth_kubernetes_requests_total\\{to="${to}"\\} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  return { server: count("server"), pod: count("pod") };
}

const median = (all: number[]) => all.sort((one, other) => one - other)[Math.floor(all.length / 2)]!;

// recording what happens takes longer than what happens
test.use({ trace: "off", screenshot: "off" });

test("what the operator says is soon said by the API and by an open page, and a console at rest asks little", async ({ page }) => {
  test.setTimeout(900_000);
  const project = await admin().project();
  const [api, shown, names]: [number[], number[], string[]] = [[], [], []];
  for (let n = 0; n < SAMPLES; n++) {
    const { name } = await admin().create({ project_id: project.uuid, label: `Told ${n}`, postgres_version: "17", cpu_size: 1 });
    names.push(name);
    await open(page, `${SERVICES}/${name}`);
    const told = until("the API's word", () => admin().service(name), ({ state }) => state === "healthy", { within: 240_000, every: 5 }).then(() => Date.now());
    const seen = state(page, "healthy").waitFor({ timeout: 240_000 }).then(() => Date.now());
    const [said, heard, read] = await Promise.all([operated(name), told, seen]);
    api.push(heard - said);
    shown.push(read - heard);
  }
  // the last one has just been made
  await pause(15_000);
  const before = await requests();
  await pause(REST_MS);
  const after = await requests();
  const each = (count: number) => count / SAMPLES / (REST_MS / 60_000);
  const found = { api: median(api), page: median(shown), requests: each(after.server - before.server), to_pods: each(after.pod - before.pod) };
  // `make bench` reads it
  console.log(`on a cluster: ${JSON.stringify(found)}`);
  // on a machine that does other things meanwhile
  expect(found.api).toBeLessThan(5_000);
  for (const name of names) await admin().remove(name);
});
