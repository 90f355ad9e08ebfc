import { rmSync } from "node:fs";
import { join } from "node:path";
import { OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, hydrated, open, test } from "../support/browser.ts";
import { ADMIN } from "../support/console.ts";
import { metadata } from "../support/metadata.ts";
import { admin, shared } from "../support/shared.ts";
import { details } from "../support/types.ts";

test("what fills a resource is found from the overview, and each place leads to the next", async ({ page }) => {
  const project = await admin().newProject(`Shop ${Date.now()}`);
  const service = await admin().healthy({ project_id: project.uuid, label: "Filler", ram_size: 128, environment_variables: true });
  const pool = (await admin().get(`/resources/${service.resource_id}`)).body;

  await open(page, OVERVIEW);
  await expect(page.getByRole("row").filter({ hasText: "Filler" })).toContainText("healthy");
  await page.getByRole("main").getByRole("link", { name: pool.label }).click();
  await expect(page).toHaveURL(`${RESOURCES}/${pool.uuid}`);
  await expect(page.getByRole("heading", { level: 1, name: pool.label })).toBeVisible();
  await expect(page.getByRole("meter", { name: "Memory" })).toHaveAttribute("aria-valuetext", /^[\d.,]+ of [\d.,]+ GiB$/);
  await expect(page.getByRole("row").filter({ hasText: "Filler" })).toContainText(project.name);

  await page.getByRole("navigation", { name: "Workspace" }).getByRole("link", { name: "Projects" }).click();
  await page.getByRole("link", { name: project.name }).click();
  await expect(page.getByRole("heading", { level: 1, name: project.name })).toBeVisible();
  const variable = page.getByRole("table", { name: "Variables" }).getByRole("row").filter({ hasText: "DATABASE_URL" });
  await expect(variable).toContainText("Filler");
  await expect(variable).toContainText("••••");
  expect(await page.content()).not.toContain(details(service).password);

  // what happens meanwhile is seen
  await admin().good(admin().post(`/projects/${project.uuid}/vars`, { key: "EXTRA", value: "hidden-value" }));
  await expect(page.getByRole("rowheader", { name: "EXTRA" })).toBeVisible({ timeout: 2_000 });
  expect(await page.content()).not.toContain("hidden-value");
  await page.getByRole("row").filter({ hasText: "Filler" }).first().getByRole("link").click();
  await expect(page).toHaveURL(`${SERVICES}/${service.name}`);
  await admin().remove(service.uuid);
});

test("a service in trouble stands first on the overview, with its cause and the way there", async ({ page }) => {
  const service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Lost", ram_size: 128 });
  await open(page, OVERVIEW);
  await expect(page.getByRole("list", { name: "Services that need attention" })).toHaveCount(0);
  await admin().good(admin().patch(`/services/${service.uuid}/state`, { state: "process_stop" }));
  await admin().state(service.uuid, ["stopped"]);
  rmSync(join(shared().dataDir, "services", service.name), { recursive: true });
  // a look of the watch may have come first: then nothing is left to be started
  const started = await admin().patch(`/services/${service.uuid}/state`, { state: "process_start" });
  if (started.status >= 300) expect(started.text).toContain("not_now");
  const row = page.getByRole("list", { name: "Services that need attention" }).getByRole("listitem").filter({ hasText: "Lost" });
  await expect(row).toContainText("lost");
  await expect(row).toContainText("Its storage is gone.");
  await row.getByRole("link", { name: "Look into it" }).click();
  await expect(page.getByRole("alert")).toContainText("Its storage is gone.");
  await admin().remove(service.uuid);
});

test("a project or a resource that isn't there answers 404 and shows the way back", async ({ page }) => {
  for (const [list, name] of [
    [PROJECTS, "Go to projects"],
    [RESOURCES, "Go to resources"],
  ] as const) {
    for (const id of ["0192f0c1-2345-7abc-8def-0123456789ab", "no-id"]) {
      const answer = await page.request.get(`${list}/${id}`);
      expect(answer.status(), id).toBe(404);
      expect(await answer.text(), id).toContain(name);
    }
  }
});

test("who is a member of several workspaces changes between them, and none sees the other's", async ({ page }) => {
  const service = await admin().create({ project_id: (await admin().project()).uuid, label: "Of the first", ram_size: 128 });
  await open(page, OVERVIEW);
  await expect(page.getByRole("complementary").getByRole("group")).toHaveCount(0);
  // no API makes a workspace yet
  await metadata(`
    with w as (insert into workspaces (id, slug, name) values (gen_random_uuid(), 'second', 'Second place') returning id)
    insert into memberships (workspace_id, user_id, role) select w.id, u.id, 'viewer' from w, users u where u.email = '${ADMIN.email}'`);
  try {
    await page.reload();
    await hydrated(page);
    const rail = page.getByRole("complementary");
    await rail.getByRole("group").locator("summary").click();
    await expect(rail.getByRole("link", { name: "Main" })).toHaveAttribute("aria-current", "true");
    await rail.getByRole("link", { name: "Second place" }).click();
    await expect(page).toHaveURL("/w/second");
    await expect(page.getByText("No services yet")).toBeVisible();
    await expect(rail).toContainText("viewer");
    expect((await page.request.get(`/w/second/services/${service.name}`)).status()).toBe(404);
  } finally {
    await metadata("delete from workspaces where slug = 'second'");
  }
  await admin().remove(service.uuid);
});
