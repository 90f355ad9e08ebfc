import { expect, test } from "@playwright/test";
import { type Api } from "../support/api.ts";
import { SMALL } from "../support/cluster.ts";
import { psql } from "../support/psql.ts";
import { admin, user } from "../support/shared.ts";
import { type Details, type Refusal, type Service, details } from "../support/types.ts";

let service: Service;
let viewer: Api;
let support: Api;

test.beforeAll(async () => {
  const made = admin().healthy({ project_id: (await admin().project()).uuid, label: "Watched", ram_size: SMALL, environment_variables: true });
  viewer = await user("viewer@example.com", "viewer");
  support = await user("support@example.com", "support");
  service = await made;
});

test.afterAll(() => admin().remove(service.uuid));

test("a viewer sees it and changes nothing; each refusal names the permission", async () => {
  const seen = await viewer.service(service.uuid);
  expect(seen.connection_details?.internal).toMatchObject({ password: null, connection_url: null, psql_command: null });
  const body = { service_type: "postgres", project_id: service.project_id, postgres_version: "17", label: "Mine" };
  const refusals: [string, Promise<{ status: number; body: Refusal }>][] = [
    ["services:manage", viewer.post("/services", body)],
    ["services:manage", viewer.put(`/services/${service.uuid}`, { label: "Mine" })],
    ["services:manage", viewer.delete(`/services/${service.uuid}`)],
    ["services:operate", viewer.patch(`/services/${service.uuid}/state`, { state: "process_stop" })],
    ["services:reveal", viewer.post(`/services/${service.uuid}/reveal`)],
    ["projects:manage", viewer.post("/projects", { name: "Mine" })],
    ["projects:operate", viewer.post(`/projects/${service.project_id}/vars`, { key: "A", value: "b" })],
  ];
  for (const [permission, refusal] of refusals) {
    const { status, body } = await refusal;
    expect([status, body.error], permission).toEqual([403, `You lack the permission ${permission}`]);
  }
  expect((await admin().service(service.uuid)).label).toBe("Watched");
});

test("a viewer reads the names of variables and not their values", async () => {
  const vars = await viewer.vars(service.project_id);
  expect(vars.map(({ key }) => key)).toContain("DATABASE_URL");
  expect(vars.every(({ value }) => value === null)).toBe(true);
});

test("support reveals with a reason and not without one", async () => {
  const path = `/services/${service.uuid}/reveal`;
  const silent = await support.post<Refusal>(path);
  expect(silent.status).toBe(422);
  expect(silent.body.fields).toMatchObject([{ field: "reason", code: "missing" }]);
  expect((await support.post(path, { reason: "   " })).status).toBe(422);
  const shown = await support.post<Details>(path, { reason: "Ticket 17: can't connect" });
  expect(shown.status).toBe(200);
  expect(shown.headers.get("cache-control")).toBe("no-store");
  expect(shown.body.internal).toEqual(details(service));
  expect(await psql(shown.body.internal.connection_url, "select 1")).toBe("1");
  expect((await support.delete(`/services/${service.uuid}`)).status).toBe(403);
});

test("support gets no password by reading the service", async () => {
  const seen = await support.get<Service>(`/services/${service.uuid}`);
  expect(seen.status).toBe(200);
  expect(seen.text).not.toContain(details(service).password);
});

test("an owner of the credentials needs no reason", async () => {
  const shown = await admin().post<Details>(`/services/${service.uuid}/reveal`);
  expect(shown.status).toBe(200);
  expect(shown.body.internal.password).toBe(details(service).password);
});
