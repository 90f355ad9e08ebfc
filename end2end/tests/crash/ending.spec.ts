import { rmSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { type Api } from "../support/api.ts";
import { Console } from "../support/console.ts";
import { freePort, listens } from "../support/ports.ts";
import { below, postmasters } from "../support/procs.ts";
import { Session } from "../support/psql.ts";
import { type Service, details } from "../support/types.ts";

test.describe.configure({ mode: "serial" });

let console_: Console;
let admin: Api;
let service: Service;

test.beforeAll(async () => {
  console_ = await Console.start();
  admin = await console_.admin();
  service = await admin.healthy({ project_id: (await admin.project()).uuid, label: "Goes on", ram_size: 128 });
});

test.afterAll(() => console_?.end());

test("a port that is taken is named, with exit code 1", async () => {
  const other = `${console_.dataDir}-second`;
  const ran = await console_.second({ BERTH_DATA_DIR: other });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(String(console_.port));
  expect(ran.stderr).toMatch(/--listen/);
  expect(below(other)).toEqual([]);
  rmSync(other, { recursive: true, force: true });
});

test("a second console on the same data says where the first one is, with exit code 1", async () => {
  const ran = await console_.second({ BERTH_LISTEN: `127.0.0.1:${await freePort()}` });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("a console already runs on");
  expect(ran.stderr).toContain(`berth stop --data-dir ${console_.dataDir}`);
});

test("SIGTERM ends the console and its own server within ten seconds, and no service", async () => {
  const session = new Session(details(service).connection_url);
  const backend = await session.ask("select pg_backend_pid()");
  // open streams don't hold it up
  const stop = new AbortController();
  const stream = fetch(`${console_.url}/api/v1/events`, { headers: { authorization: `Bearer ${admin.token}` }, signal: stop.signal });
  expect((await stream).status).toBe(200);

  const ended = await console_.signal("SIGTERM");
  stop.abort();
  console.log(`ended ${ended.ms} ms after SIGTERM`);
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(ended.ms).toBeLessThan(10_000);
  const left = postmasters(console_.dataDir);
  expect(left.map(({ command }) => command)).toEqual([expect.stringContaining(`/services/${service.name}/`)]);
  expect(await session.ask("select pg_backend_pid()")).toBe(backend);

  await console_.up();
  await admin.state(service.uuid, ["healthy"]);
  expect(await session.ask("select pg_backend_pid()")).toBe(backend);
  await session.close();
});

test("berth stop ends the console alone; with --databases, the servers, too", async () => {
  const stopped = await console_.berth(["stop"]);
  expect(stopped.code, stopped.stderr).toBe(0);
  expect(stopped.stdout).toMatch(/The console on .* has ended\./);
  expect(await listens(console_.port)).toBe(false);
  expect(postmasters(console_.dataDir)).toHaveLength(1);

  const all = await console_.berth(["stop", "--databases"]);
  expect(all.code, all.stderr).toBe(0);
  expect(all.stdout).toMatch(/No console runs on .*\n1 database servers below .* were ended\./);
  expect(below(console_.dataDir)).toEqual([]);
  expect((await console_.berth(["stop", "--databases"])).code).toBe(0);

  await console_.up();
  await admin.state(service.uuid, ["healthy"]);
});
