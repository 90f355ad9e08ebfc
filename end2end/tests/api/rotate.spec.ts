import { expect, test } from "@playwright/test";
import { SMALL } from "../support/cluster.ts";
import { psql } from "../support/psql.ts";
import { admin } from "../support/shared.ts";
import { type Details, type Operation, type Var, details } from "../support/types.ts";
import { until } from "../support/until.ts";

test("a rotated password ends the old one, and the project's variables follow", async () => {
  const project = await admin().newProject(`Rotated ${Date.now()}`);
  const service = await admin().healthy({ project_id: project.uuid, label: "Rotated", ram_size: SMALL, environment_variables: true });
  const before = details(service);
  expect(await psql(before.connection_url, "create table kept (n int); insert into kept values (1); select n from kept")).toBe("1");
  const answer = await admin().post<Details>(`/services/${service.name}/rotate_password`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toContain("no-store");
  const after = answer.body.internal;
  expect(after.password).not.toBe(before.password);
  const rotated = (operations: Operation[]) => operations[0]?.kind === "rotate_password" && operations[0].state === "succeeded";
  const operations = async () => (await admin().get<Operation[]>(`/services/${service.name}/operations`)).body;
  await until("the rotation to end", operations, rotated);
  expect((await admin().service(service.name)).state).toBe("healthy");
  expect(await psql(after.connection_url, "select n from kept")).toBe("1");
  await expect(psql(before.connection_url, "select 1")).rejects.toThrow(/password authentication failed/);
  const vars = (await admin().get<Var[]>(`/projects/${project.uuid}/vars`)).body;
  expect(vars.map(({ value }) => value)).toEqual([after.connection_url, after.connection_url]);
  await admin().remove(service.uuid);
});
