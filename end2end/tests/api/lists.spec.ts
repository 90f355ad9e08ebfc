import { expect, test } from "@playwright/test";
import { type Answer } from "../support/api.ts";
import { SMALL } from "../support/cluster.ts";
import { admin } from "../support/shared.ts";
import { type Project, type Service } from "../support/types.ts";

test("a list is paged by the link to its next page, newest first", async () => {
  const made: string[] = [];
  for (let n = 0; n < 5; n++) made.unshift((await admin().newProject(`Page ${n}`)).uuid);
  const seen: string[] = [];
  let path: string | undefined = "/projects?limit=2";
  for (let pages = 0; path !== undefined; pages++) {
    expect(pages).toBeLessThan(50);
    const page: Answer<Project[]> = await admin().get<Project[]>(path);
    expect(page.status).toBe(200);
    expect(page.body.length).toBeLessThanOrEqual(2);
    seen.push(...page.body.map(({ uuid }) => uuid));
    const next: string | undefined = /^<\/api\/v1(\/projects\?[^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
    if (next === undefined) expect(page.headers.get("link")).toBeNull();
    else expect(next).toContain("limit=2");
    path = next;
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((uuid) => made.includes(uuid))).toEqual(made);
  for (const uuid of made) await admin().good(admin().delete(`/projects/${uuid}`));
});

test("a list of services is filtered, and unknown filters are refused by name", async () => {
  const [here, there] = [await admin().newProject("Here"), await admin().newProject("There")];
  const ram_size = SMALL;
  const one = await admin().create({ project_id: here.uuid, label: "Cats КОТЫ", ram_size });
  const two = await admin().create({ project_id: there.uuid, label: "Dogs", ram_size });
  const names = async (query: string) => (await admin().good(admin().get<Service[]>(`/services?${query}`))).map(({ name }) => name);

  expect(await names(`project_id=${here.uuid}`)).toEqual([one.name]);
  expect(await names(`q=${encodeURIComponent("коты")}`)).toEqual([one.name]);
  expect(await names(`q=${two.name}`)).toEqual([two.name]);
  expect(await names(`resource_id=${one.resource_id}&service_type=postgres&q=s`)).toEqual(expect.arrayContaining([one.name, two.name]));
  expect(await names("q=100%25_nothing")).toEqual([]);
  await admin().state(one.uuid, ["healthy"]);
  expect(await names(`state=healthy&project_id=${here.uuid}`)).toEqual([one.name]);
  expect(await names(`state=stopped&project_id=${here.uuid}`)).toEqual([]);

  const refused = await admin().get("/services?colour=red&limit=0&state=fine");
  expect(refused.status).toBe(400);
  expect(refused.text).toContain("colour is not a parameter of this request");
  expect((await admin().get("/services?limit=201")).status).toBe(400);
  expect((await admin().get("/services?cursor=made-up")).status).toBe(400);

  for (const { uuid } of [one, two]) await admin().remove(uuid);
  for (const { uuid } of [here, there]) await admin().good(admin().delete(`/projects/${uuid}`));
});

test("the pool shows what a service takes and gives it back", async () => {
  const resource = async (id: string) => (await admin().get(`/resources/${id}`)).body;
  const [before] = (await admin().get("/resources")).body;
  const { uuid } = await admin().create({ project_id: (await admin().project()).uuid, label: "Taker", ram_size: SMALL + 64, disk_size: 2 });
  const taken = await resource(before.uuid);
  expect(taken.total_used_ram_size - before.total_used_ram_size).toBe((SMALL + 64) * 2 ** 20);
  expect(before.available_disk_size - taken.available_disk_size).toBe(2 * 2 ** 30);
  await admin().remove(uuid);
  expect(await resource(before.uuid)).toMatchObject({ available_ram_size: before.available_ram_size, available_disk_size: before.available_disk_size });
});
