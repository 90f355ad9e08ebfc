import { expect, test } from "@playwright/test";
import { SMALL } from "../support/cluster.ts";
import { psql, shell } from "../support/psql.ts";
import { admin } from "../support/shared.ts";
import { traces } from "../support/traces.ts";
import { type Project, type Refusal, type Service, details } from "../support/types.ts";

/** Every field of the contract's entity, and no other. */
const ENTITY = `uuid name label service_type project_id resource_id created_at updated_at state state_reason observed_at role
  primary_addon_uuid replicas postgres_version instances creation_mode ram_size disk_size cpu_size public_access
  environment_variables mount_point storage_access mounts operation connection_details`.split(/\s+/).sort();
const OPERATION = ["error", "kind", "progress", "state", "step", "uuid"];
const INTERNAL = ["connection_url", "database", "hostname", "password", "port", "psql_command", "username"];
const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const LABEL = "Orders база";

// one service, from its first request to its last trace
test.describe.configure({ mode: "serial" });

let project: Project;
let service: Service;

test.beforeAll(async () => {
  project = await admin().newProject("One service");
});

test("a create answers the whole entity at once", async () => {
  const body = { service_type: "postgres", project_id: project.uuid, label: `  ${LABEL} `, postgres_version: "17", environment_variables: true };
  const answer = await admin().post<Service & Record<string, unknown>>("/services", body);
  expect(answer.status).toBe(201);
  service = answer.body;
  expect(answer.headers.get("location")).toBe(`/api/v1/services/${service.uuid}`);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(Object.keys(service).sort()).toEqual(ENTITY);
  expect(Object.keys(service.operation ?? {}).sort()).toEqual(OPERATION);
  expect(Object.keys(service.connection_details ?? {}).sort()).toEqual(["external", "internal"]);
  expect(Object.keys(details(service)).sort()).toEqual(INTERNAL);
  expect(service).toMatchObject({
    label: LABEL,
    service_type: "postgres",
    project_id: project.uuid,
    role: "primary",
    primary_addon_uuid: null,
    replicas: [],
    postgres_version: "17",
    instances: 1,
    creation_mode: "fresh",
    ram_size: 256,
    disk_size: 1,
    cpu_size: 0.25,
    public_access: "0",
    environment_variables: true,
    mount_point: null,
    storage_access: null,
    mounts: [],
    operation: { kind: "create" },
  });
  expect(service.name).toMatch(/^postgres-[a-z0-9]+$/);
  expect(["pending", "processing", "creating"]).toContain(service.state);
  expect(answer.body["created_at"]).toMatch(RFC_3339_UTC);
  const user = service.name.replaceAll("-", "_");
  expect(details(service)).toMatchObject({ database: user, username: user });
});

test("its operation ends well, with named steps that took some time", async () => {
  const operation = await admin().ended(service.operation!.uuid);
  expect(operation).toMatchObject({ kind: "create", state: "succeeded", error: null, service_id: service.uuid, progress: 1 });
  expect(operation.steps.map(({ key }) => key)).toEqual(["place", "prepare", "start", "configure", "sign_in", "variables"]);
  for (const step of operation.steps) {
    expect(step, step.key).toMatchObject({ state: "succeeded", title: expect.stringMatching(/\S/), took_ms: expect.any(Number) });
  }
  service = await admin().state(service.uuid, ["healthy"]);
  expect(Object.keys(service).sort()).toEqual(ENTITY);
});

test("the URL connects, and the psql line runs as it stands", async () => {
  const { connection_url, psql_command, username, database } = details(service);
  expect(await psql(connection_url, "select current_user || '/' || current_database()")).toBe(`${username}/${database}`);
  expect(await psql(connection_url, "show server_version")).toMatch(/^17\./);
  expect(await shell(psql_command, "select 6 * 7;")).toBe("42");
  await psql(connection_url, "create table kept (word text); insert into kept values ('still here')");
  await expect(psql(connection_url.replace(/:[^:@]*@/, ":wrong@"), "select 1")).rejects.toThrow("password authentication failed");
});

test("a name reads it as the uuid does, and a list carries no secret", async () => {
  expect((await admin().service(service.name)).uuid).toBe(service.uuid);
  const list = await admin().get<Service[]>(`/services?project_id=${project.uuid}`);
  expect(list.status).toBe(200);
  expect(list.body.map(({ uuid }) => uuid)).toEqual([service.uuid]);
  expect(list.body[0]?.connection_details).toBeNull();
  expect(list.text).not.toContain(details(service).password);
});

test("the variables are written, and a second service leaves the first one's alone", async () => {
  const { connection_url } = details(service);
  const own = `${service.name.toUpperCase().replaceAll("-", "_")}_URL`;
  const written = await admin().vars(project.uuid);
  expect(Object.fromEntries(written.map(({ key, value }) => [key, value]))).toEqual({ [own]: connection_url, DATABASE_URL: connection_url });

  const second = await admin().healthy({ project_id: project.uuid, label: "Second", environment_variables: true, ram_size: SMALL });
  const after = await admin().vars(project.uuid);
  expect(after).toHaveLength(3);
  expect(after.find(({ key }) => key === "DATABASE_URL")).toMatchObject({ value: connection_url, service_id: service.uuid });
  expect(after.find(({ service_id }) => service_id === second.uuid)?.value).toBe(details(second).connection_url);
  const steps = (await admin().ended(second.operation!.uuid)).steps;
  expect(steps.at(-1)?.detail).toBe("one written, one left alone");
  await admin().remove(second.uuid);
  expect(await admin().vars(project.uuid)).toHaveLength(2);
});

test("a sign-in from the server says what it found", async () => {
  const tested = await admin().post(`/services/${service.uuid}/test_connection`);
  expect(tested.status).toBe(200);
  const { hostname, port } = details(service);
  expect(tested.body).toMatchObject({ ok: true, address: `${hostname}:${port}`, error: null, version: expect.stringMatching(/^17\./) });
});

test("label, memory and disk change; the disk never shrinks", async () => {
  const renamed = await admin().put<Service>(`/services/${service.uuid}`, { label: "Заказы" });
  expect(renamed.status).toBe(200);
  expect(renamed.body.label).toBe("Заказы");
  // a label is only shown: nothing is done
  expect(renamed.body.operation?.kind).toBe("create");

  const grown = await admin().put<Service>(`/services/${service.uuid}`, { ram_size: "512", disk_size: 1.5, cpu_size: 0.5 });
  expect(grown.status).toBe(200);
  expect(grown.body).toMatchObject({ ram_size: 512, disk_size: 1.5, cpu_size: 0.5, operation: { kind: "update" } });
  expect(await admin().ended(grown.body.operation!.uuid)).toMatchObject({ state: "succeeded" });
  service = await admin().state(service.uuid, ["healthy"]);
  expect(await psql(details(service).connection_url, "select word from kept")).toBe("still here");

  const shrunk = await admin().put<Refusal>(`/services/${service.uuid}`, { disk_size: 1 });
  expect(shrunk.status).toBe(422);
  expect(shrunk.body.errors).toBe("Disk size can't shrink (it is 1.5 GiB now)");
  expect(shrunk.body.fields).toEqual([{ field: "disk_size", code: "shrinks", message: shrunk.body.errors }]);
});

test("it stops, starts and restarts, with its data", async () => {
  const act = (state: string) => admin().good(admin().patch<Service>(`/services/${service.uuid}/state`, { state }));
  const { connection_url } = details(service);
  const began = await psql(connection_url, "select pg_postmaster_start_time()");

  const stopping = await act("process_stop");
  expect(await admin().ended(stopping.operation!.uuid)).toMatchObject({ kind: "stop", state: "succeeded" });
  expect((await admin().service(service.uuid)).state).toBe("stopped");
  // where nobody is behind an address, nobody may answer
  await expect(psql(`${connection_url}?connect_timeout=2`, "select 1")).rejects.toThrow();
  const refused = await admin().patch<Refusal>(`/services/${service.uuid}/state`, { state: "process_restart" });
  expect(refused.status).toBe(422);
  expect(refused.body.errors).toBe("State doesn't allow it: It is stopped; start it instead");
  expect((await act("process_stop")).state).toBe("stopped");

  const starting = await act("process_start");
  expect(await admin().ended(starting.operation!.uuid)).toMatchObject({ kind: "start", state: "succeeded" });
  const started = await psql(connection_url, "select pg_postmaster_start_time()");
  expect(started).not.toBe(began);

  const restarting = await act("process_restart");
  expect(await admin().ended(restarting.operation!.uuid)).toMatchObject({ kind: "restart", state: "succeeded" });
  expect(await psql(connection_url, "select pg_postmaster_start_time()")).not.toBe(started);
  expect(await psql(connection_url, "select word from kept")).toBe("still here");
  const operations = await admin().get<{ kind: string }[]>(`/services/${service.uuid}/operations`);
  expect(operations.body.map(({ kind }) => kind)).toEqual(["restart", "start", "stop", "update", "create"]);
});

test("a service whose project still has it keeps the project", async () => {
  expect((await admin().delete(`/projects/${project.uuid}`)).status).toBe(422);
});

test("a delete answers deleting, then nothing: no process, directory, port, object or variable is left", async () => {
  // at least what runs and what it stores
  expect((await traces(service)).length).toBeGreaterThan(1);

  const deleted = await admin().delete(`/services/${service.uuid}`);
  expect([deleted.status, deleted.text]).toEqual([204, ""]);
  const meanwhile = await admin().get<Service>(`/services/${service.uuid}`);
  if (meanwhile.status === 200) expect(meanwhile.body.state).toBe("deleting");
  await expect.poll(async () => (await admin().get(`/services/${service.uuid}`)).status, { timeout: 60_000 }).toBe(404);

  expect(await traces(service)).toEqual([]);
  expect(await admin().vars(project.uuid)).toEqual([]);
  expect((await admin().get(`/services?project_id=${project.uuid}`)).body).toEqual([]);
  expect((await admin().delete(`/services/${service.uuid}`)).status).toBe(404);
  expect((await admin().delete(`/projects/${project.uuid}`)).status).toBe(204);
});
