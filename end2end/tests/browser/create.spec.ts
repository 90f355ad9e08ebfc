import { type Page } from "@playwright/test";
import { NEW, expect, open, test } from "../support/browser.ts";
import { SMALL } from "../support/cluster.ts";
import { admin } from "../support/shared.ts";
import { type Refusal } from "../support/types.ts";

/** What is typed wrongly, by the form's label and the API's field. */
const WRONG = [
  { field: "label", label: "Label", typed: "" },
  { field: "label", label: "Label", typed: "ы".repeat(41) },
  { field: "ram_size", label: "Memory, MiB", typed: "8" },
  { field: "ram_size", label: "Memory, MiB", typed: "much" },
  { field: "ram_size", label: "Memory, MiB", typed: "1048576" },
  { field: "ram_size", label: "Memory, MiB", typed: "99999999" },
  { field: "disk_size", label: "Disk, GiB", typed: "0.1" },
  { field: "disk_size", label: "Disk, GiB", typed: "65536" },
  { field: "cpu_size", label: "CPU, cores", typed: "-1" },
];

test("the form says what the API says, at the same fields, before anything is sent", async ({ page }) => {
  const sent = calls(page);
  const project_id = (await admin().project()).uuid;
  for (const { field, label, typed } of WRONG) {
    await open(page, NEW);
    const control = page.getByRole("textbox", { name: label });
    await control.fill(typed);
    await control.press("Tab");
    const body = { service_type: "postgres", project_id, postgres_version: "17", label: "Fine", [field]: typed };
    const refused = await admin().post<Refusal>("/services", body);
    const words = refused.body.fields.find((problem) => problem.field === field)?.message;
    expect(words, `${field} ${typed}`).toBeDefined();
    await expect(control).toHaveAccessibleDescription(words!);
    await expect(control).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByRole("button", { name: "Create", exact: true })).toBeDisabled();
  }
  expect(sent).toEqual([]);
});

test("pressing Create too early says what is missing and goes there", async ({ page }) => {
  const sent = calls(page);
  await open(page, NEW);
  const label = page.getByRole("textbox", { name: "Label" });
  await page.getByRole("textbox", { name: "CPU, cores" }).press("Enter");
  await expect(label).toBeFocused();
  await expect(label).toHaveAccessibleDescription("label is missing");
  await label.fill("Fine");
  await expect(label).not.toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("button", { name: "Create", exact: true })).toBeEnabled();
  expect(sent).toEqual([]);
});

test("what doesn't fit can be taken as large as it fits", async ({ page }) => {
  await open(page, NEW);
  await page.getByRole("textbox", { name: "Label" }).fill("Fits");
  const memory = page.getByRole("textbox", { name: "Memory, MiB" });
  await memory.fill("1048576");
  await page.getByRole("button", { name: /^Take [\d,]+ MiB$/ }).click();
  await expect(memory).not.toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("button", { name: "Create", exact: true })).toBeEnabled();
});

test("what this installation can't do is off and says why", async ({ page }) => {
  const can = (await admin().get("/capabilities")).body;
  await open(page, NEW);
  for (const { value, available } of can.instances) {
    const radio = page.getByRole("group", { name: "Instances" }).getByRole("radio", { name: value, exact: true });
    await (available ? expect(radio).toBeEnabled() : expect(radio).toBeDisabled());
  }
  const reasons = new Set<string>(can.instances.flatMap(({ reason }: { reason: string | null }) => (reason ? [reason] : [])));
  for (const reason of reasons) await expect(page.getByRole("group", { name: "Instances" })).toContainText(reason);
});

test("the shown request is the one that the API takes", async ({ page }) => {
  await open(page, NEW);
  await page.getByRole("textbox", { name: "Label" }).fill("it's \"shown\" $HOME");
  await page.getByRole("textbox", { name: "Memory, MiB" }).fill(String(SMALL));
  await page.getByRole("group", { name: "Format" }).getByText("JSON", { exact: true }).click();
  const json = await page.getByRole("group", { name: "the request" }).innerText();
  const made = await admin().post("/services", json);
  expect(made.status, made.text).toBe(201);
  expect(made.body).toMatchObject({ label: "it's \"shown\" $HOME", ram_size: SMALL });
  await admin().remove(made.body.uuid);
});

test("a second press and a lost answer create nothing twice", async ({ page }) => {
  const label = `Once ${Date.now()}`;
  await open(page, NEW);
  await page.getByRole("textbox", { name: "Label" }).fill(label);
  await page.getByRole("textbox", { name: "Memory, MiB" }).fill(String(SMALL));
  await page.getByRole("button", { name: "Create", exact: true }).dblclick();
  await expect(page.getByRole("heading", { name: label })).toBeVisible();
  const made = await admin().get(`/services?q=${encodeURIComponent(label)}`);
  expect(made.body).toHaveLength(1);
  await admin().remove(made.body[0].uuid);
});

/** Calls that would create something. */
function calls(page: Page): string[] {
  const sent: string[] = [];
  page.on("request", (request) => {
    if (/create_service/.test(request.url())) sent.push(request.url());
  });
  return sent;
}
