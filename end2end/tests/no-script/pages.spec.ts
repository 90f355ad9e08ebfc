import { ACCOUNT, ACTIVITY, NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, test } from "../support/browser.ts";
import { ADMIN } from "../support/console.ts";
import { admin } from "../support/shared.ts";
import { type Service } from "../support/types.ts";

// what is preloaded for the script that never runs
test.use({ allowed: [/was preloaded using link preload but not used/] });

let service: Service;

test.beforeAll(async () => {
  service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Plain база", ram_size: 128 });
});

test.afterAll(() => admin().remove(service.uuid));

test.describe("signed out", () => {
  test.use({ signedIn: false });

  test("signing in and out works", async ({ page, context }) => {
    await page.goto(SERVICES);
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await page.getByRole("textbox", { name: "E-mail" }).fill(ADMIN.email);
    await page.getByRole("textbox", { name: "Password" }).fill("wrong password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("This e-mail address and password don't belong together.")).toBeVisible();
    await page.getByRole("textbox", { name: "E-mail" }).fill(ADMIN.email);
    await page.getByRole("textbox", { name: "Password" }).fill(ADMIN.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`**${SERVICES}`);
    await page.getByRole("banner").getByRole("group").filter({ hasText: ADMIN.email }).locator("summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in");
    expect(await context.cookies()).toEqual([]);
  });
});

test("the list is there with its data and can be searched", async ({ page }) => {
  await page.goto(SERVICES);
  const row = page.getByRole("row").filter({ hasText: service.name });
  await expect(row).toContainText("Plain база");
  await expect(row).toContainText("healthy");
  await page.getByRole("searchbox", { name: "Search" }).fill("nothing like it");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("No service matches.")).toBeVisible();
});

test("a service's page tells everything but the password", async ({ page }) => {
  await page.goto(SERVICES);
  await page.getByRole("row").getByRole("link", { name: "Plain база" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Plain база");
  await expect(page.getByRole("main").getByText("healthy", { exact: true })).toBeVisible();
  const { hostname, port, username, password } = service.connection_details!.internal;
  for (const text of [hostname, String(port), username]) await expect(page.getByRole("definition").filter({ hasText: text }).first()).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "Signed in" })).toContainText("to PostgreSQL 17.");
  expect(await page.content()).not.toContain(password);
});

test("every other page is read with its data", async ({ page }) => {
  const { project_id, resource_id, name } = service;
  const pages: Record<string, string> = {
    [OVERVIEW]: "Plain база",
    [`${SERVICES}/${name}/logs`]: "ready to accept connections",
    [`${SERVICES}/${name}/members`]: "Primary",
    [`${SERVICES}/${name}/metrics`]: "Measured",
    [`${SERVICES}/${name}/activity`]: "Created in",
    [`${SERVICES}/${name}/settings`]: "Settings",
    [PROJECTS]: "every member",
    [`${PROJECTS}/${project_id}`]: "Plain база",
    [RESOURCES]: "Memory",
    [`${RESOURCES}/${resource_id}`]: "Plain база",
    [ACTIVITY]: `created ${name}`,
    [ACCOUNT]: "this one",
    ["/w/main/find?q=plain"]: "Plain база",
  };
  for (const [path, text] of Object.entries(pages)) {
    await page.goto(path);
    await expect(page.getByRole("main"), path).toContainText(text);
  }
  // nothing that is typed gets into an address
  await page.goto(ACCOUNT);
  await page.getByLabel("Current password").fill("never in an address");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page).toHaveURL(ACCOUNT);
});

test("the form shows what could be created and says that it needs script", async ({ page }) => {
  await page.goto(NEW);
  await expect(page.getByRole("textbox", { name: "Label" })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Memory, MiB" })).toHaveValue("256");
  const create = page.getByRole("button", { name: "Create", exact: true });
  await expect(create).toBeDisabled();
  await expect(create).toHaveAccessibleDescription("The form needs script in this browser");
});

test("the theme is switched by a plain form", async ({ page }) => {
  await page.goto(SERVICES);
  const theme = () => page.locator("html").getAttribute("data-theme");
  expect(await theme()).toBeNull();
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page).toHaveURL(SERVICES);
});
