import { type Dialog } from "@playwright/test";
import { SERVICES, expect, open, signInAs, state, test } from "../support/browser.ts";
import { SMALL } from "../support/cluster.ts";
import { admin, user } from "../support/shared.ts";
import { type Refusal, type Service } from "../support/types.ts";

let service: Service;

test.beforeEach(async () => {
  service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Set", ram_size: SMALL, environment_variables: true });
});

test.afterEach(() => admin().remove(service.uuid));

const settings = () => `${SERVICES}/${service.name}/settings`;

test("label and size are changed, and the activity tells of it", async ({ page }) => {
  await open(page, settings());
  const save = page.getByRole("button", { name: "Save" });
  await expect(save).toBeDisabled();
  await expect(save).toHaveAccessibleDescription("Nothing is changed yet");
  await page.getByRole("textbox", { name: "Label" }).fill("Set anew");
  await page.getByRole("textbox", { name: "Memory, MiB" }).fill(String(SMALL + 64));
  await save.click();
  await page.waitForURL(`**${SERVICES}/${service.name}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Set anew");
  await expect(page.getByRole("heading", { name: /^Changed in/ })).toBeVisible();
  await expect(state(page, "healthy")).toBeVisible();
  expect((await admin().service(service.uuid)).ram_size).toBe(SMALL + 64);

  await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Activity" }).click();
  await expect(page.getByText(/^Changed in/)).toBeVisible();
  await page.getByText(/^Created in/).click();
  await expect(page.getByRole("listitem").filter({ hasText: "Prepared the data directory" })).toBeVisible();
});

test("what the API refuses stands at its field, in the same words", async ({ page }) => {
  await open(page, settings());
  for (const { field, label, typed } of [
    { field: "disk_size", label: "Disk, GiB", typed: "0.75" },
    { field: "ram_size", label: "Memory, MiB", typed: "1048576" },
    { field: "cpu_size", label: "CPU, cores", typed: "none" },
    { field: "label", label: "Label", typed: "ы".repeat(41) },
  ]) {
    const control = page.getByRole("textbox", { name: label });
    const before = await control.inputValue();
    await control.fill(typed);
    const refused = await admin().put<Refusal>(`/services/${service.uuid}`, { [field]: typed });
    const words = refused.body.fields.find((problem) => problem.field === field)?.message;
    expect(words, field).toBeDefined();
    await expect(control).toHaveAccessibleDescription(words!);
    await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
    await control.fill(before);
  }
});

test("a service moves to another project with the variables that it wrote", async ({ page }) => {
  const other = await admin().newProject(`Target ${Date.now()}`);
  await open(page, settings());
  await page.getByRole("combobox", { name: "Project" }).selectOption(other.name);
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(`**${SERVICES}/${service.name}`);
  await expect(page.getByRole("main").getByText(other.name)).toBeVisible();
  await expect.poll(async () => (await admin().vars(other.uuid)).map(({ key }) => key)).toContain("DATABASE_URL");
});

test("what was typed isn't lost without a question", async ({ page }) => {
  await open(page, settings());
  await page.getByRole("textbox", { name: "Label" }).fill("Half a change");
  const asked: string[] = [];
  page.on("dialog", (dialog: Dialog) => {
    asked.push(dialog.type());
    // the context may be closing, which answers it, too
    void dialog.dismiss().catch(() => undefined);
  });
  await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Activity" }).click({ noWaitAfter: true });
  await expect.poll(() => asked).toEqual(["beforeunload"]);
  await expect(page.getByRole("textbox", { name: "Label" })).toHaveValue("Half a change");
});

test("who may change nothing is told why", async ({ page, context }) => {
  await user("settings-viewer@example.com", "viewer");
  await signInAs(context, "settings-viewer@example.com");
  await open(page, settings());
  await page.getByRole("textbox", { name: "Label" }).fill("Not mine");
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Save" })).toHaveAccessibleDescription(/services:manage/);
});
