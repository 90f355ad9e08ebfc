import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { type Api } from "../support/api.ts";
import { Console } from "../support/console.ts";
import { postmasters } from "../support/procs.ts";
import { Session, psql } from "../support/psql.ts";
import { type Service, details } from "../support/types.ts";
import { until } from "../support/until.ts";

test.describe.configure({ mode: "serial" });

let console_: Console;
let admin: Api;
let service: Service;

test.beforeAll(async () => {
  console_ = await Console.start();
  admin = await console_.admin();
  service = await admin.healthy({ project_id: (await admin.project()).uuid, label: "Mended", ram_size: 128 });
  await psql(details(service).connection_url, "create table kept (word text); insert into kept values ('still here')");
});

test.afterAll(() => console_?.end());

const server = () => postmasters(directory())[0]?.pid;
const directory = () => `${console_.dataDir}/services/${service.name}`;
const kept = () => psql(details(service).connection_url, "select word from kept");

test("a server that dies is noticed, said and started again", async () => {
  const killed = server();
  expect(killed).toBeDefined();
  const seen: string[] = [];
  process.kill(killed!, "SIGKILL");
  const look = async () => (await admin.service(service.uuid)).state;
  const note = (state: string) => {
    if (seen.at(-1) !== state) seen.push(state);
    return seen.length > 1 && state === "healthy";
  };
  await until("the server to be mended", look, note, { within: 60_000, every: 20 });
  // healthy for a moment, until it is noticed; then trouble, and never a state that says all is well
  expect(seen.filter((state) => state !== "healthy").length).toBeGreaterThan(0);
  for (const state of seen) expect(["healthy", "failing", "processing"]).toContain(state);
  expect(server()).not.toBe(killed);
  expect(await kept()).toBe("still here");
});

test("one that dies in the middle of a statement comes back, too", async () => {
  const session = new Session(details(service).connection_url);
  await session.ask("select 1");
  const killed = server();
  const cut = session.ask("select pg_sleep(600)").catch((error: Error) => error.message);
  process.kill(killed!, "SIGKILL");
  expect(await cut).toContain("the session was cut");
  await until("another server", server, (pid) => pid !== undefined && pid !== killed, { within: 60_000 });
  await until("the data", () => kept().catch(String), (word) => word === "still here", { within: 60_000 });
});

test("one that is ended by hand is a server that died", async () => {
  await admin.state(service.uuid, ["healthy"]);
  const ended = server();
  process.kill(ended!, "SIGINT");
  await until("another server", server, (pid) => pid !== undefined && pid !== ended, { within: 60_000 });
  await admin.state(service.uuid, ["healthy"]);
  expect(await kept()).toBe("still here");
});

test("one that died while no console ran is started by the next", async () => {
  await console_.kill();
  const killed = server();
  process.kill(killed!, "SIGKILL");
  expect(existsSync(`${directory()}/data/postmaster.pid`)).toBe(true);
  expect(readFileSync(`${directory()}/data/postmaster.pid`, "utf8").split("\n")[0]).toBe(String(killed));
  await console_.up();
  await until("another server", server, (pid) => pid !== undefined && pid !== killed, { within: 60_000 });
  await until("the data", () => kept().catch(String), (word) => word === "still here", { within: 60_000 });
  await admin.state(service.uuid, ["healthy"]);
});

test("a create that the console's death interrupts is finished by the next", async () => {
  const made = await admin.create({ project_id: service.project_id, label: "Interrupted", ram_size: 128, environment_variables: true });
  await console_.kill();
  await console_.up();
  const finished = await admin.state(made.uuid, ["healthy"]);
  expect(await psql(details(finished).connection_url, "select 1")).toBe("1");
  expect(await admin.vars(service.project_id)).toHaveLength(2);
  expect(await admin.ended(made.operation!.uuid)).toMatchObject({ state: "succeeded" });
});

test("so is a delete", async () => {
  const made = await admin.healthy({ project_id: service.project_id, label: "Half gone", ram_size: 128 });
  await admin.good(admin.delete(`/services/${made.uuid}`));
  await console_.kill();
  await console_.up();
  await until("it to be gone", async () => (await admin.get(`/services/${made.uuid}`)).status, (status) => status === 404);
  expect(existsSync(`${console_.dataDir}/services/${made.name}`)).toBe(false);
});
