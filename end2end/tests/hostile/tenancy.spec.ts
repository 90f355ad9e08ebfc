import { randomUUID } from "node:crypto";
import { expect, test } from "@playwright/test";
import { type Answer, type Api } from "../support/api.ts";
import { ADMIN } from "../support/console.ts";
import { metadata } from "../support/metadata.ts";
import { admin, shared, user } from "../support/shared.ts";
import { type Project, type Refusal, type Service } from "../support/types.ts";
import { until } from "../support/until.ts";
import { ask, call, form, kept } from "./ask.ts";
import { NASTY, label } from "./nasty.ts";
import { faults, logged, rows } from "./proof.ts";

test.describe.configure({ timeout: 180_000 });

/** Stands in every name that nobody here may hear of. */
const HIDDEN = `zzhidden${process.pid}`;

interface Place {
  project: string;
  resource: string;
  service: string;
  name: string;
  operation: string;
}

let since: number;
let member: Api;
let viewer: Api;
let cookie: string;
let mine: Service;
let other: Project;
let foreign: Place & { workspace: string };
let restricted: Place;

/** Rows that nobody works on: a project, a resource that only it may use, and a service with an operation and a variable. */
async function place(workspace: string): Promise<Place> {
  const [project, resource, service, operation, at] = [randomUUID(), randomUUID(), randomUUID(), randomUUID(), randomUUID().slice(0, 8)];
  const name = `postgres-${HIDDEN}${at}`;
  await metadata(`
    insert into projects (id, workspace_id, name, restricted) values ('${project}', '${workspace}', '${HIDDEN} ${at}', true);
    insert into resources (id, workspace_id, label, plan_code_name, region_code, ram_mib, disk_mib, cpu_millis)
      select '${resource}', '${workspace}', '${HIDDEN} ${at}', plan_code_name, region_code, 1024, 1024, 1000 from resources limit 1;
    insert into resource_projects (workspace_id, resource_id, project_id) values ('${workspace}', '${resource}', '${project}');
    insert into services (id, workspace_id, project_id, resource_id, name, label, service_type, postgres_version, ram_mib, disk_mib, cpu_millis, state, state_reason, power)
      values ('${service}', '${workspace}', '${project}', '${resource}', '${name}', '${HIDDEN}', 'postgres', 17, 0, 0, 0, 'failing', '${HIDDEN}', 'stopped');
    insert into observations (service_id, workspace_id) values ('${service}', '${workspace}');
    insert into operations (id, workspace_id, service_id, kind, error) values ('${operation}', '${workspace}', '${service}', 'create', '${HIDDEN}');
    insert into vars (id, workspace_id, project_id, key, sealed_value) values (gen_random_uuid(), '${workspace}', '${project}', '${HIDDEN}', '');
    insert into audit (id, workspace_id, user_id, email, action, entity, request_id)
      select gen_random_uuid(), '${workspace}', id, email, 'project.create', '${HIDDEN}', 'x' from users where email = '${ADMIN.email}'`);
  return { project, resource, service, name, operation };
}

test.beforeAll(async () => {
  since = logged();
  const [home] = await rows<{ id: string }>("select id from workspaces where slug = 'main'");
  const workspace = randomUUID();
  await metadata(`insert into workspaces (id, slug, name) values ('${workspace}', '${HIDDEN}', '${HIDDEN}')`);
  foreign = { workspace, ...(await place(workspace)) };
  restricted = await place(home!.id);
  const email = `h13-${process.pid}@example.com`;
  member = await user(email, "member");
  viewer = await user(`h13v-${process.pid}@example.com`, "viewer");
  cookie = kept(await form("/sign-in", { email, password: ADMIN.password }, { from: "127.0.3.1" }));
  other = await admin().newProject(`Reachable ${process.pid}`);
  mine = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Mine", ram_size: 128 });
});

test.afterAll(async () => {
  await admin().remove(mine.uuid);
  await admin().good(admin().delete(`/projects/${other.uuid}`));
  for (const place of [foreign, restricted]) {
    await metadata(`delete from services where id = '${place.service}'; delete from resources where id = '${place.resource}'; delete from projects where id = '${place.project}'`);
  }
  await metadata(`delete from workspaces where id = '${foreign.workspace}'; delete from audit where entity like '%${HIDDEN}%'`);
});

test.afterEach(() => expect(faults(since)).toEqual([]));

/** An answer without what is another each time. */
const told = ({ status, body }: Answer) => ({ status, body: { ...body, request_id: "" } });

test("H13 what is out of reach is answered in the words of what isn't there, on every verb, and never named", async () => {
  const create = { service_type: "postgres", postgres_version: "17", label: "No", project_id: mine.project_id };
  /** Requests that name something: a project, a resource, a service (by uuid and by name), an operation. */
  const requests = (at: Place): [string, (api: Api) => Promise<Answer>][] => [
    ["create in it", (api) => api.post("/services", { ...create, project_id: at.project })],
    ["create in it, on its resource", (api) => api.post("/services", { ...create, project_id: at.project, resource_id: at.resource })],
    ["create on its resource", (api) => api.post("/services", { ...create, resource_id: at.resource })],
    ["create what never fits", (api) => api.post("/services", { ...create, resource_id: at.resource, ram_size: 1_048_576 })],
    ["move there", (api) => api.put(`/services/${mine.uuid}`, { project_id: at.project })],
    ["move there, with more", (api) => api.put(`/services/${mine.uuid}`, { project_id: at.project, label: "Moved", ram_size: 1_048_576 })],
    ["get the project", (api) => api.get(`/projects/${at.project}`)],
    ["rename it", (api) => api.put(`/projects/${at.project}`, { name: "x" })],
    ["delete it", (api) => api.delete(`/projects/${at.project}`)],
    ["its variables", (api) => api.get(`/projects/${at.project}/vars`)],
    ["another variable", (api) => api.post(`/projects/${at.project}/vars`, { key: "A", value: "b" })],
    ["the same variable", (api) => api.post(`/projects/${at.project}/vars`, { key: HIDDEN, value: "b" })],
    ["change a variable", (api) => api.put(`/projects/${at.project}/vars`, { key: HIDDEN, value: "b" })],
    ["delete a variable", (api) => api.delete(`/projects/${at.project}/vars?key=${HIDDEN}`)],
    ["get the resource", (api) => api.get(`/resources/${at.resource}`)],
    ["get the operation", (api) => api.get(`/operations/${at.operation}`)],
    ...[at.service, at.name].flatMap((id): [string, (api: Api) => Promise<Answer>][] => [
      [`get ${id}`, (api) => api.get(`/services/${id}`)],
      [`rename ${id}`, (api) => api.put(`/services/${id}`, { label: "x" })],
      [`shrink ${id}`, (api) => api.put(`/services/${id}`, { disk_size: 0.1 })],
      [`delete ${id}`, (api) => api.delete(`/services/${id}`)],
      [`stop ${id}`, (api) => api.patch(`/services/${id}/state`, { state: "process_stop" })],
      [`retry ${id}`, (api) => api.post(`/services/${id}/retry`)],
      [`reveal ${id}`, (api) => api.post(`/services/${id}/reveal`, { reason: "x" })],
      [`sign in to ${id}`, (api) => api.post(`/services/${id}/test_connection`)],
      [`operations of ${id}`, (api) => api.get(`/services/${id}/operations`)],
      [`events of ${id}`, (api) => api.get(`/services/${id}/events`)],
    ]),
    ["list by project", (api) => api.get(`/services?project_id=${at.project}`)],
    ["list by resource", (api) => api.get(`/services?resource_id=${at.resource}`)],
  ];
  const nowhere: Place = { project: randomUUID(), resource: randomUUID(), service: randomUUID(), operation: randomUUID(), name: "postgres-nowhere" };
  const cases: [string, Api, Place][] = [
    ["a member, a restricted project", member, restricted],
    ["a viewer, a restricted project", viewer, restricted],
    ["a member, another workspace", member, foreign],
    ["the owner, another workspace", admin(), foreign],
  ];
  for (const [who, api, at] of cases) {
    const absent = requests(nowhere);
    for (const [index, [what, send]] of requests(at).entries()) {
      const [seen, unseen] = [await send(api), await absent[index]![1](api)];
      expect(told(seen), `${who}: ${what}`).toEqual(told(unseen));
      if (api === admin()) expect(seen.status, `${who}: ${what}`).not.toBe(403);
      expect(seen.text, `${who}: ${what}`).not.toContain(HIDDEN);
      for (const id of Object.values(at)) expect(seen.text, `${who}: ${what}`).not.toContain(id);
    }
    const elsewhere = await api.with({ "x-workspace-id": foreign.workspace }).get<Refusal>("/services");
    expect([elsewhere.status, elsewhere.body.error], who).toEqual([404, "Workspace not found"]);
  }
  expect(await admin().service(mine.uuid)).toMatchObject({ label: "Mine", project_id: mine.project_id, ram_size: 128 });
});

test("H13 no list, no search, no page and no call of somebody who can't reach it names it", async () => {
  for (const list of ["/services", `/services?q=${HIDDEN}`, "/services?state=failing", "/projects", "/resources", "/users/me", "/users/me/tokens", "/capabilities", "/plans", "/regions", `/services/${mine.uuid}`, `/services/${mine.uuid}/operations`]) {
    for (const api of [member, viewer]) {
      const answer = await api.get(list);
      expect(answer.status, list).toBe(200);
      expect(answer.text, list).not.toContain(HIDDEN);
    }
  }
  expect((await admin().get("/services?q=zzhidden")).text, "the owner sees what is restricted").toContain(restricted.name);
  expect((await admin().get("/services?q=zzhidden")).text).not.toContain(foreign.name);

  const pages = ["/w/main", "/w/main/services", `/w/main/services?q=${HIDDEN.slice(0, 8)}`, "/w/main/services?state=failing", "/w/main/services/new", `/w/main/services/${mine.name}`, `/w/main/services/${mine.name}/activity`, `/w/main/services/${mine.name}/settings`, "/w/main/projects", `/w/main/projects/${mine.project_id}`, "/w/main/resources", `/w/main/resources/${mine.resource_id}`, "/w/main/activity", "/w/main/account", "/w/main/find", "/w/main/find?q=zz"];
  for (const path of pages) {
    const page = await ask("GET", path, { headers: { cookie, accept: "text/html" } });
    expect(page.status, path).toBe(200);
    // what was asked for stands in the field that it was typed into
    expect(page.text.replaceAll(/value="zzhidden"/g, "").includes(HIDDEN), path).toBe(false);
  }
  // without what is another each time, and without what was asked for, which breadcrumbs repeat
  const drawn = (text: string, ...asked: string[]) => asked.reduce((text, asked) => text.replaceAll(asked, "…"), text).replace(/nonce="[^"]+"|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "…");
  for (const at of [restricted, foreign]) {
    for (const path of ["projects/PROJECT", "resources/RESOURCE", "services/NAME", "services/NAME/logs", "services/NAME/settings", "services/NAME/activity", "services/NAME/metrics", "services/NAME/members", "services/NAME/replication"]) {
      const look = async (project: string, resource: string, name: string) => {
        const page = await ask("GET", `/w/main/${path.replace("PROJECT", project).replace("RESOURCE", resource).replace("NAME", name)}`, { headers: { cookie, accept: "text/html" } });
        return [page.status, drawn(page.text, project, resource, name)];
      };
      const [seen, unseen] = [await look(at.project, at.resource, at.name), await look(randomUUID(), randomUUID(), "postgres-nowhere")];
      expect(seen[0], path).toBe(404);
      expect(seen[1] === unseen[1], `${path} looks as one of what isn't there`).toBe(true);
    }
    for (const path of [`/w/${HIDDEN}`, `/w/${HIDDEN}/services`, `/w/${foreign.workspace}`]) {
      const page = await ask("GET", path, { headers: { cookie, accept: "text/html" } });
      expect([page.status, page.text.includes(HIDDEN)], path).toEqual([404, false]);
    }
    const headers = { cookie, origin: shared().url };
    const page = { limit: null, cursor: null };
    for (const [endpoint, args] of Object.entries({
      get_project: { project: at.project },
      list_vars: { project: at.project, page },
      list_var_names: { project: at.project },
      get_resource: { resource: at.resource },
      get_service: { id: at.name },
      list_operations: { id: at.name, page },
      reveal: { id: at.name, why: {} },
      service_log: { id: at.name, filter: { q: "", lines: 5 } },
      service_metrics: { id: at.name, span: "hour" },
      update_service: { id: mine.name, change: { project_id: at.project } },
      list_audit: { filter: { entity_id: at.project }, page },
    })) {
      const answer = await call(endpoint, { workspace: "main", ...args }, headers);
      expect([200, 404], `${endpoint}: ${answer.text}`).toContain(answer.status);
      expect(answer.text, endpoint).not.toContain(HIDDEN);
      expect(answer.text, endpoint).toMatch(/^null$|not_found|^\{"items":\[\],/);
    }
    for (const workspace of [HIDDEN, foreign.workspace]) {
      const answer = await call("list_projects", { workspace, page }, headers);
      expect([answer.status, answer.text], workspace).toEqual([404, '{"not_found":"workspace"}']);
    }
  }
});

test("H13 a stream tells nobody of what he can't reach", async () => {
  const stop = new AbortController();
  const stream = await fetch(`${shared().url}/api/v1/events`, { headers: { authorization: `Bearer ${member.token}` }, signal: stop.signal });
  let heard = "";
  const reading = (async () => {
    for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) heard += chunk;
  })().catch(() => {});
  await admin().good(admin().put(`/projects/${restricted.project}`, { name: `${HIDDEN} renamed` }));
  await metadata(`insert into events (workspace_id, kind, entity_id, project_id) values ('${foreign.workspace}', 'project', '${foreign.project}', '${foreign.project}')`);
  await admin().good(admin().put(`/projects/${other.uuid}`, { name: `Reachable ${process.pid} again` }));
  await until("the project in reach to be told of", () => heard, (heard) => heard.includes(other.uuid));
  stop.abort();
  await reading;
  for (const id of [restricted.project, restricted.service, foreign.project, foreign.workspace]) expect(heard).not.toContain(id);
});

test("H13 a move to a project that the resource is closed to says so, and no more", async () => {
  // the resource of the service, from now on for its own project and the hidden one alone
  const [home] = await rows<{ id: string }>("select id from workspaces where slug = 'main'");
  await metadata(`insert into resource_projects (workspace_id, resource_id, project_id) select '${home!.id}', '${mine.resource_id}', p::uuid from unnest(array['${mine.project_id}', '${restricted.project}']) p`);
  try {
    const moved = await member.put<Refusal>(`/services/${mine.uuid}`, { project_id: other.uuid });
    expect([moved.status, moved.body.fields]).toEqual([422, [{ field: "project_id", code: "closed", message: "Project id can't be changed: its resource is closed to that project" }]]);
    const created = await member.post<Refusal>("/services", { service_type: "postgres", postgres_version: "17", label: "No", project_id: other.uuid, resource_id: mine.resource_id });
    expect([created.status, created.body.fields.map(({ field, code }) => [field, code])]).toEqual([422, [["resource_id", "closed"]]]);
    const none = await member.post<Refusal>("/services", { service_type: "postgres", postgres_version: "17", label: "No", project_id: other.uuid });
    expect([none.status, none.body.fields.map(({ field, code }) => [field, code])]).toEqual([422, [["resource_id", "none"]]]);
    for (const answer of [moved, created, none]) expect(answer.text).not.toMatch(new RegExp(`${HIDDEN}|${restricted.project}`));
  } finally {
    await metadata(`delete from resource_projects where resource_id = '${mine.resource_id}'`);
  }
});

test("H17 an update refuses what a create refuses, in the same words", async () => {
  const create = { service_type: "postgres", postgres_version: "17", project_id: mine.project_id, label: "No" };
  const numbers = [-1, -0.5, 1, 2, 8, 0.01, 63.4, 1e9, 1e308, true, false, [], {}, "1e3", "NaN", "x", "-1", "0"];
  const values: Record<string, unknown[]> = {
    // those that are labels are taken by both: injection.spec.ts
    label: [...NASTY.filter((text) => label(text) === undefined), 7, true, [], {}, "x".repeat(41), " \t "],
    ram_size: [...numbers, 0, 1_048_577],
    disk_size: [...numbers.filter((value) => ![1, 2, 8, 63.4].includes(value as number)), 0, 1e6],
    cpu_size: [...numbers.filter((value) => ![1, 2, 8, 0.01, 63.4].includes(value as number)), 0, 1e6],
    instances: [...numbers.filter((value) => value !== 1), 0, 3, 4, 5, 7, 9, "3", "1.5"],
    public_access: ["1", 1, true, "true", "yes", 2, "2", [], {}, "TRUE", " 1"],
    environment_variables: ["yes", 2, "2", [], {}, "TRUE", "on"],
    project_id: ["mine", 7, true, [], {}, mine.project_id.replaceAll("-", ""), `{${mine.project_id}}`, `urn:uuid:${mine.project_id}`, "0", ...NASTY],
  };
  let compared = 0;
  for (const [field, wrong] of Object.entries(values)) {
    for (const value of wrong) {
      const [made, changed] = [await admin().post<Refusal>("/services", { ...create, [field]: value }), await admin().put<Refusal>(`/services/${mine.uuid}`, { [field]: value })];
      const what = `${field} ${JSON.stringify(value).slice(0, 80)}`;
      const problem = (answer: Answer<Refusal>) => answer.body.fields.find((problem) => problem.field === field);
      expect([made.status, problem(made)], `${what}: ${made.text}`).toEqual([changed.status, problem(changed)]);
      expect(problem(made), `${what}: ${made.text}`).toBeDefined();
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(120);

  const huge = { ram_size: 1_048_576, disk_size: 65_536 };
  const [made, changed] = [await admin().post<Refusal>("/services", { ...create, ...huge }), await admin().put<Refusal>(`/services/${mine.uuid}`, huge)];
  const codes = ({ status, body }: Answer<Refusal>) => [status, body.fields.map(({ field, code }) => [field, code])];
  expect(codes(made)).toEqual(codes(changed));
  expect(codes(made)[0]).toBe(422);

  // what can't be changed isn't a field of an update
  for (const field of ["uuid", "name", "state", "workspace_id", "created_at", "connection_details", "port", "password", "power", "service_type", "resource_id", "postgres_version", "creation_mode", "external_host", "mount_point", "storage_access", "mounts", "s3_enabled", "replication_password"]) {
    const answer = await admin().put<Refusal>(`/services/${mine.uuid}`, { [field]: (mine as never)[field] ?? "x" });
    expect([answer.status, answer.body.fields.map(({ field, code }) => [field, code])], field).toEqual([400, [[field, "unknown"]]]);
  }
  // the same permission, before anything else is looked at
  for (const body of [{}, { label: "" }, { ram_size: "x" }, { nonsense: 1 }]) {
    const [made, changed] = [await viewer.post<Refusal>("/services", body), await viewer.put<Refusal>(`/services/${mine.uuid}`, body)];
    expect([made.status, made.body.error]).toEqual([403, "You lack the permission services:manage"]);
    expect([changed.status, changed.body.error]).toEqual([403, "You lack the permission services:manage"]);
  }
  const { connection_details: _, observed_at: __, ...rest } = await admin().service(mine.uuid);
  expect(mine).toMatchObject(rest);
});

test("H17 and so do a project's and a variable's", async () => {
  const project = await admin().newProject(`Renamed ${process.pid}`);
  await admin().good(admin().post(`/projects/${project.uuid}/vars`, { key: "KEPT", value: "kept" }));
  const { name: taken } = await admin().good(admin().get<Project>(`/projects/${other.uuid}`));
  const wrong = ["", " ", "x".repeat(41), "a\nb", "a\0b", 7, true, [], {}, null, taken, taken.toUpperCase()];
  for (const name of wrong) {
    const [made, renamed] = [await admin().post<Refusal>("/projects", { name }), await admin().put<Refusal>(`/projects/${project.uuid}`, { name })];
    expect([400, 409, 422], JSON.stringify(name)).toContain(made.status);
    expect(told(made), JSON.stringify(name)).toEqual(told(renamed));
  }
  const path = `/projects/${project.uuid}/vars`;
  for (const fields of [{ key: "", value: "x" }, { key: "1A", value: "x" }, { key: "A-B", value: "x" }, { key: "A".repeat(129), value: "x" }, { key: "KEPT", value: "a\0b" }, { key: "KEPT", value: "x".repeat(32_769) }, { key: "KEPT", value: 7 }, { key: ["KEPT"], value: "x" }, { key: "KEPT", value: "x", service_id: mine.uuid }]) {
    const [made, changed] = [await admin().post<Refusal>(path, fields), await admin().put<Refusal>(path, fields)];
    expect([400, 422], JSON.stringify(fields).slice(0, 80)).toContain(changed.status);
    // the key that is there is told once the rest is right
    if (made.status !== 409) expect(told(made), JSON.stringify(fields).slice(0, 80)).toEqual(told(changed));
  }
  expect((await admin().vars(project.uuid)).map(({ key, value }) => [key, value])).toEqual([["KEPT", "kept"]]);
  expect((await admin().good(admin().get<Project>(`/projects/${project.uuid}`))).name).toBe(project.name);
  await admin().good(admin().delete(`/projects/${project.uuid}`));
});
