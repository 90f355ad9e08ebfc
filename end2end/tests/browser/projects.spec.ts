import { PROJECTS, SERVICES, expect, hydrated, open, signInAs, test } from "../support/browser.ts";
import { admin, user } from "../support/shared.ts";

test("a project is made, renamed, given variables and deleted", async ({ page }) => {
  const name = `Made ${Date.now()}`;
  await open(page, PROJECTS);
  await page.getByRole("button", { name: "New project" }).click();
  const sheet = page.getByRole("dialog", { name: "New project" });
  await sheet.getByRole("textbox", { name: "Name" }).fill("DEFAULT");
  await sheet.getByRole("textbox", { name: "Name" }).press("Enter");
  await expect(sheet.getByRole("textbox", { name: "Name" })).toHaveAccessibleDescription(/taken by another project/);
  await sheet.getByRole("textbox", { name: "Name" }).fill(name);
  await sheet.getByRole("button", { name: "Create project" }).click();
  await expect(sheet).toBeHidden();
  await page.getByRole("link", { name }).click();
  await hydrated(page);

  await test.step("another name", async () => {
    await page.getByRole("button", { name: "Rename" }).click();
    const rename = page.getByRole("dialog", { name: "Rename the project" });
    await expect(rename.getByRole("textbox", { name: "Name" })).toHaveValue(name);
    await rename.getByRole("textbox", { name: "Name" }).fill(`${name} б`);
    await rename.getByRole("button", { name: "Rename it" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${name} б`);
    await expect(page).toHaveTitle(new RegExp(`${name} б`));
  });

  const id = new URL(page.url()).pathname.split("/").at(-1)!;
  await test.step("a variable is added, changed and deleted, and its value shown nowhere", async () => {
    await page.getByRole("button", { name: "Add variable" }).click();
    const add = page.getByRole("dialog", { name: "Add a variable" });
    await add.getByRole("textbox", { name: "Name" }).fill("1BAD");
    await add.getByRole("textbox", { name: "Value" }).fill("hidden value");
    await add.getByRole("button", { name: "Add it" }).click();
    await expect(add.getByRole("textbox", { name: "Name" })).toHaveAccessibleDescription(/no digit first/);
    await expect(add.getByRole("textbox", { name: "Value" })).toHaveValue("hidden value");
    await add.getByRole("textbox", { name: "Name" }).fill("FEATURE");
    await add.getByRole("button", { name: "Add it" }).click();
    const row = page.getByRole("table", { name: "Variables" }).getByRole("row").filter({ hasText: "FEATURE" });
    await expect(row).toContainText("somebody");
    expect((await admin().vars(id))[0]).toMatchObject({ key: "FEATURE", value: "hidden value" });
    expect(await page.content()).not.toContain("hidden value");
    await row.getByRole("button", { name: "Edit FEATURE" }).click();
    const edit = page.getByRole("dialog", { name: "FEATURE" });
    await edit.getByRole("textbox", { name: "New value" }).fill("another");
    await edit.getByRole("button", { name: "Save" }).click();
    await expect(edit).toBeHidden();
    expect((await admin().vars(id))[0]).toMatchObject({ value: "another" });
    await row.getByRole("button", { name: "Edit FEATURE" }).click();
    await edit.getByRole("button", { name: "Delete variable" }).click();
    await expect(row).toHaveCount(0);
  });

  await test.step("a project with services isn't deleted; an empty one asks for its name", async () => {
    const { uuid } = await admin().create({ project_id: id, label: "In it", ram_size: 128 });
    await expect(page.getByRole("row").filter({ hasText: "In it" }).first()).toBeVisible();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const sheet = page.getByRole("dialog", { name: /^Delete/ });
    const gone = sheet.getByRole("button", { name: "Delete it for good" });
    await expect(gone).toBeDisabled();
    await sheet.getByRole("textbox").fill(`${name} б`);
    await gone.click();
    await expect(sheet.getByRole("alert")).toContainText("still has 1 service");
    await admin().remove(uuid);
    // the answer and the stream both tell the page that it is gone: with a slow list there is time for both
    let led = 0;
    await page.route(`**${PROJECTS}`, async (route) => {
      if (route.request().isNavigationRequest()) led += 1;
      await new Promise((done) => setTimeout(done, 500));
      await route.continue().catch(() => undefined);
    });
    await gone.click();
    await expect(page).toHaveURL(PROJECTS);
    expect(led, "ways out of the page").toBe(1);
    await expect(page.getByRole("status").filter({ hasText: "is gone." })).toBeVisible();
    await expect(page.getByRole("link", { name })).toHaveCount(0);
  });
});

test("what was refused stays said while the page is drawn anew, and an action on Settings leads nowhere", async ({ page }) => {
  const project = await admin().newProject(`Said ${Date.now()}`);
  await open(page, `${PROJECTS}/${project.uuid}`);
  await page.getByRole("button", { name: "Add variable" }).click();
  const add = page.getByRole("dialog", { name: "Add a variable" });
  await add.getByRole("button", { name: "Add it" }).click();
  await expect(add.getByRole("textbox", { name: "Name" })).toHaveAccessibleDescription(/missing/);
  const { uuid, name } = await admin().healthy({ project_id: project.uuid, label: "An event", ram_size: 128 });
  await expect(page.getByRole("row").filter({ hasText: "An event" }).first()).toBeAttached();
  await expect(add.getByRole("textbox", { name: "Name" })).toHaveAccessibleDescription(/missing/);

  await open(page, `${SERVICES}/${name}/settings`);
  await page.getByRole("textbox", { name: "Label" }).fill("Not saved yet");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("main").getByText("stopped", { exact: true })).toBeVisible();
  await expect(page).toHaveURL(`${SERVICES}/${name}/settings`);
  await expect(page.getByRole("textbox", { name: "Label" })).toHaveValue("Not saved yet");
  await admin().remove(uuid);
});

test.describe("a viewer", () => {
  test.use({ signedIn: false });

  test("is told what he lacks", async ({ page, context }) => {
    await user("projects-viewer@example.com", "viewer");
    await signInAs(context, "projects-viewer@example.com");
    const { uuid } = await admin().project();
    await open(page, PROJECTS);
    await expect(page.getByRole("button", { name: "New project" })).toHaveAccessibleDescription(/projects:manage/);
    await open(page, `${PROJECTS}/${uuid}`);
    await expect(page.getByRole("button", { name: "Add variable" })).toHaveAccessibleDescription(/projects:operate/);
    await page.getByRole("button", { name: "Rename" }).click({ force: true });
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page.getByRole("button", { name: /^Edit/ })).toHaveCount(0);
    const service = await admin().create({ project_id: uuid, label: "Its log", ram_size: 128 });
    await open(page, `${SERVICES}/${service.name}/logs`);
    await expect(page.getByRole("main")).toContainText("You lack the permission services:reveal");
    await admin().remove(service.uuid);
  });
});
