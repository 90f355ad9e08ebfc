import { expect, test } from "@playwright/test";
import { SMALL } from "../support/cluster.ts";
import { admin } from "../support/shared.ts";
import { type Refusal, type Var } from "../support/types.ts";

test("variables are made, changed and deleted by their key; a key exists once, whatever its case", async () => {
  const { uuid } = await admin().newProject("Variables");
  const path = `/projects/${uuid}/vars`;
  const made = await admin().post<Var>(path, { key: "Greeting", value: "привет ' \" $HOME" });
  expect(made.status).toBe(201);
  const twice = await admin().post<Refusal>(path, { key: "GREETING", value: "x" });
  expect(twice.status).toBe(409);
  const changed = await admin().put<Var>(path, { key: "Greeting", value: "hello" });
  expect([changed.status, changed.body.value]).toEqual([200, "hello"]);
  expect((await admin().post(path, { key: "1BAD", value: "x" })).status).toBe(422);
  expect((await admin().delete(`${path}?key=Greeting`)).status).toBe(204);
  expect((await admin().delete(`${path}?key=Greeting`)).status).toBe(404);
  expect(await admin().vars(uuid)).toEqual([]);
  expect((await admin().delete(`/projects/${uuid}`)).status).toBe(204);
});

test("a variable that somebody else wrote is never overwritten and never taken away", async () => {
  const project = await admin().newProject("Somebody's variables");
  await admin().good(admin().post(`/projects/${project.uuid}/vars`, { key: "database_url", value: "mine" }));
  const service = await admin().healthy({ project_id: project.uuid, label: "Guest", ram_size: SMALL, environment_variables: true });
  const kept = async () => (await admin().vars(project.uuid)).find(({ key }) => key === "database_url");
  expect(await kept()).toMatchObject({ value: "mine", service_id: null });
  await admin().remove(service.uuid);
  expect(await admin().vars(project.uuid)).toHaveLength(1);
  expect(await kept()).toMatchObject({ value: "mine" });
  await admin().good(admin().delete(`/projects/${project.uuid}`));
});
