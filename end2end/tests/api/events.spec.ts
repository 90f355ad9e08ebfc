import { expect, test } from "@playwright/test";
import { type Api } from "../support/api.ts";
import { SMALL } from "../support/cluster.ts";
import { admin, shared } from "../support/shared.ts";
import { until } from "../support/until.ts";

interface Event {
  kind: string;
  id: string;
  version: number;
}

/** Events as they come, until the stream is closed. */
async function listen(api: Api, path: string): Promise<{ seen: Event[]; ended: Promise<void>; close(): void }> {
  const stop = new AbortController();
  const answer = await fetch(`${shared().url}/api/v1${path}`, { headers: { authorization: `Bearer ${api.token}` }, signal: stop.signal });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const seen: Event[] = [];
  const ended = (async () => {
    let rest = "";
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      seen.push(...lines.filter((line) => line.startsWith("data:")).map((line) => JSON.parse(line.slice(5)) as Event));
    }
  })().catch(() => {});
  return { seen, ended, close: () => stop.abort() };
}

test("what changes is told as it happens, and about one service alone where that is asked", async () => {
  const all = await listen(admin(), "/events");
  const project = await admin().newProject("Told");
  const service = await admin().create({ project_id: project.uuid, label: "Told", ram_size: SMALL });
  const one = await listen(admin(), `/services/${service.name}/events`);
  await admin().state(service.uuid, ["healthy"]);
  const has = (kind: string, id: string) => (seen: Event[]) => seen.some((event) => event.kind === kind && event.id === id);
  await until("the project's event", () => all.seen, has("project", project.uuid), { within: 2_000 });
  await until("the service's event", () => all.seen, has("service", service.uuid), { within: 2_000 });
  await until("an event on its own stream", () => one.seen, has("service", service.uuid), { within: 2_000 });
  expect(all.seen.map(({ version }) => version)).toEqual(all.seen.map(({ version }) => version).sort((a, b) => a - b));
  expect(Object.keys(all.seen[0] ?? {}).sort()).toEqual(["id", "kind", "version"]);

  await admin().remove(service.uuid);
  await until("the project's event again", () => all.seen, (seen) => seen.length > 2, { within: 2_000 });
  expect(new Set(one.seen.map(({ id }) => id))).toEqual(new Set([service.uuid]));
  for (const stream of [all, one]) {
    stream.close();
    await stream.ended;
  }
  await admin().good(admin().delete(`/projects/${project.uuid}`));
});
