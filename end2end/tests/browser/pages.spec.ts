import { ACCOUNT, ACTIVITY, NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, accessible, expect, open, test } from "../support/browser.ts";
import { admin } from "../support/shared.ts";
import { type Service } from "../support/types.ts";

/** A text that does something wherever it isn't taken for one. */
const HOSTILE = `<img src=x onerror=alert(1)>"'</script>`;

let service: Service;

test.beforeAll(async () => {
  service = await admin().healthy({ project_id: (await admin().project()).uuid, label: HOSTILE, ram_size: 128 });
});

test.afterAll(() => admin().remove(service.uuid));

const pages = () => [
  OVERVIEW,
  SERVICES,
  NEW,
  `${SERVICES}/${service.name}`,
  `${SERVICES}/${service.name}/logs`,
  `${SERVICES}/${service.name}/members`,
  `${SERVICES}/${service.name}/metrics`,
  `${SERVICES}/${service.name}/activity`,
  `${SERVICES}/${service.name}/settings`,
  PROJECTS,
  `${PROJECTS}/${service.project_id}`,
  RESOURCES,
  `${RESOURCES}/${service.resource_id}`,
  ACTIVITY,
  ACCOUNT,
  "/w/main/find?q=a",
];

test("no page complains, and each has one title, one heading and one main part", async ({ page }) => {
  for (const path of pages()) {
    const answer = await open(page, path);
    expect(answer?.status(), path).toBe(200);
    expect(answer?.headers()["cache-control"], path).toContain("no-store");
    await expect(page, path).toHaveTitle(/ · Berth$/);
    await expect(page.getByRole("main"), path).toHaveCount(1);
    await expect(page.getByRole("heading", { level: 1 }), path).toHaveCount(1);
  }
});

test("a hostile label is only a text, in the page and in its data", async ({ page }) => {
  page.on("dialog", (dialog) => {
    throw new Error(`it ran: ${dialog.message()}`);
  });
  await open(page, SERVICES);
  await expect(page.getByRole("row").getByText(HOSTILE)).toBeVisible();
  await page.getByRole("link", { name: HOSTILE }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(HOSTILE);
  await open(page, `${SERVICES}/${service.name}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(HOSTILE);
  await open(page, `${SERVICES}?q=${encodeURIComponent(HOSTILE)}`);
  await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue(HOSTILE);
});

test("no page's source holds a password", async ({ page }) => {
  const { password } = service.connection_details!.internal;
  for (const path of pages()) {
    const source = await (await page.request.get(path)).text();
    expect(source, path).not.toContain(password);
  }
});

test("the keyboard reaches the content first, and Esc closes what is open", async ({ page }) => {
  await open(page, `${SERVICES}/${service.name}`);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.getByRole("button", { name: "Delete" }).press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("button", { name: "Delete" })).toBeFocused();
});

test("the theme is chosen once for all pages", async ({ page }) => {
  await open(page, SERVICES);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  await open(page, NEW);
  expect(await background()).toBe(dark);
});

test("axe finds nothing serious on any page, light or dark", async ({ page, context }) => {
  test.setTimeout(300_000);
  await page.emulateMedia({ reducedMotion: "reduce" });
  for (const path of pages()) {
    await open(page, path);
    await accessible(page);
  }
  await open(page, `${SERVICES}/${service.name}`);
  await page.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await accessible(page);
  await open(page, NEW);
  await page.getByRole("textbox", { name: "CPU, cores" }).press("Enter");
  await accessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  for (const path of pages()) {
    await open(page, path);
    await accessible(page);
  }
  await context.clearCookies();
  await open(page, "/sign-in?e=credentials");
  await accessible(page);
});

test("no page is wider than a small screen", async ({ page, context }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  for (const path of pages()) {
    await open(page, path);
    expect(await fits(), path).toBe(true);
  }
  await context.clearCookies();
  await open(page, "/sign-in");
  expect(await fits()).toBe(true);
});
