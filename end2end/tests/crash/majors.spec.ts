import { expect, test } from "@playwright/test";
import { type Api } from "../support/api.ts";
import { Console } from "../support/console.ts";
import { below, postmasters } from "../support/procs.ts";
import { Session, psql } from "../support/psql.ts";
import { type Service, details } from "../support/types.ts";
import { until } from "../support/until.ts";

const MAJORS = ["13", "14", "15", "16", "17", "18"];

/** Milliseconds until a console is ready whose own server still runs; two seconds on a quiet machine. */
const READY = 5_000;
/** The same behind a power cut: PostgreSQL first syncs every file of its data, which takes half a second on a quiet disk and 7 on a busy one. */
const BACK = 20_000;

// one machine with a database of every major, through everything that can happen to it
// its bounds are those of a machine that does nothing else meanwhile
test.describe.configure({ mode: "serial", lock: "-exclusive-" });

let console_: Console;
let admin: Api;
let services: Service[] = [];

test.beforeAll(async () => {
  console_ = await Console.start(MAJORS);
  const signedIn = await console_.admin();
  const { token } = await signedIn.good<{ token: string }>(signedIn.post("/users/me/tokens", { label: "crash" }));
  admin = console_.api().with({ authorization: `Bearer ${token}` });
});

test.afterAll(() => console_?.end());

test("every major from 13 to 18 is made and answers with its version", async () => {
  const project_id = (await admin.project()).uuid;
  const make = (postgres_version: string) => admin.healthy({ project_id, postgres_version, label: `PostgreSQL ${postgres_version}`, ram_size: 128 });
  services = await Promise.all(MAJORS.map(make));
  for (const [n, service] of services.entries()) {
    const url = details(service).connection_url;
    expect(await psql(url, "select version()")).toMatch(new RegExp(`^PostgreSQL ${MAJORS[n]}\\.`));
    await psql(url, `create table kept (major text); insert into kept values ('${MAJORS[n]}')`);
  }
});

test("kill -9 of the console cuts no session, and the next one adopts every server", async () => {
  const sessions = services.map((service) => new Session(details(service).connection_url));
  const backends = await Promise.all(sessions.map((session) => session.ask("select pg_backend_pid()")));
  const servers = pids();
  expect(servers).toHaveLength(MAJORS.length);

  await console_.kill();
  expect(await Promise.all(sessions.map((session) => session.ask("select pg_backend_pid()")))).toEqual(backends);
  const since = new Date();
  const ms = await console_.up();
  expect(ms).toBeLessThanOrEqual(READY);
  console.log(`ready ${ms} ms after kill -9 of the console`);

  await healthy(since);
  expect(pids()).toEqual(servers);
  expect(await Promise.all(sessions.map((session) => session.ask("select pg_backend_pid()")))).toEqual(backends);
  await Promise.all(sessions.map((session) => session.close()));
});

test("after a power cut everything comes back with its data, and the console is soon ready", async () => {
  const servers = pids();
  for (const [n, service] of services.entries()) {
    await psql(details(service).connection_url, `insert into kept values ('committed ${MAJORS[n]}')`);
  }
  await console_.crash();
  expect(below(console_.dataDir)).toEqual([]);

  const since = new Date();
  const ms = await console_.up();
  console.log(`ready ${ms} ms after a power cut`);
  expect(ms).toBeLessThanOrEqual(BACK);
  await healthy(since);
  console.log(`every database answers ${Date.now() - since.getTime()} ms after a power cut`);
  expect(pids().filter((pid) => servers.includes(pid))).toEqual([]);
  for (const [n, service] of services.entries()) {
    const words = await psql(details(service).connection_url, "select string_agg(major, ' ' order by major) from kept");
    expect(words).toBe(`${MAJORS[n]} committed ${MAJORS[n]}`);
  }
});

test("what was stopped stays stopped through a power cut", async () => {
  const [first] = services;
  await admin.good(admin.patch(`/services/${first!.uuid}/state`, { state: "process_stop" }));
  await admin.state(first!.uuid, ["stopped"]);
  await console_.crash();
  await console_.up();
  for (const { connection_details } of services.slice(1)) {
    await until("it to answer", () => psql(connection_details!.internal.connection_url, "select 1").catch(String), (one) => one === "1");
  }
  expect((await admin.service(first!.uuid)).state).toBe("stopped");
  expect(pids()).toHaveLength(MAJORS.length - 1);
});

/** The servers of services, without the console's own. */
function pids(): number[] {
  return postmasters(`${console_.dataDir}/services`)
    .map(({ pid }) => pid)
    .sort((a, b) => a - b);
}

/** Each is healthy, and that was seen since then: until a new console has looked, it tells what the old one knew last. */
async function healthy(since: Date): Promise<void> {
  const seen = ({ state, observed_at }: Service) => state === "healthy" && observed_at !== null && new Date(observed_at) > since;
  for (const { uuid } of services) {
    await until(`${uuid} to be seen healthy`, () => admin.service(uuid), seen, { within: 60_000 });
    expect((await admin.post(`/services/${uuid}/test_connection`)).body).toMatchObject({ ok: true });
  }
}
