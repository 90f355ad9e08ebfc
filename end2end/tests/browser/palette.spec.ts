import { PROJECTS, RESOURCES, SERVICES, accessible, expect, open, signInAs, state, test } from "../support/browser.ts";
import { admin, user } from "../support/shared.ts";
import { type Service } from "../support/types.ts";

let service: Service;

test.beforeAll(async () => {
  service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Palette база", ram_size: 128 });
});

test.afterAll(() => admin().remove(service.uuid));

test("the palette goes to any service, project and page, by the keyboard alone", async ({ page }) => {
  await open(page, RESOURCES);
  const palette = page.getByRole("dialog", { name: "Go to" });
  await page.keyboard.press("Control+k");
  await expect(palette.getByRole("searchbox")).toBeFocused();
  await accessible(page);
  // nobody waits for a list before he presses Enter
  await page.keyboard.type("БАЗА");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${SERVICES}/${service.name}`);

  await page.locator("body[data-hydrated]").waitFor();
  await page.keyboard.press("Meta+k");
  const found = page.waitForResponse(/\/find\?q=proj$/);
  await page.keyboard.type("proj");
  await (await found).finished();
  await expect(palette.getByRole("link").filter({ hasText: "Projects" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(palette.getByRole("link").first()).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(palette.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("ects");
  await expect(palette.getByRole("link")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(PROJECTS);

  await page.locator("body[data-hydrated]").waitFor();
  await page.getByRole("link", { name: "Go to…" }).click();
  await page.keyboard.type("nothing is called this");
  await expect(palette.getByText(/Nothing is called that/)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
});

test("it runs what the caller may, and offers nothing else", async ({ page, context }) => {
  await open(page, `${SERVICES}/${service.name}`);
  const palette = page.getByRole("dialog", { name: "Go to" });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("start palette");
  await expect(palette.getByText(/Nothing is called that/)).toBeVisible();
  await palette.getByRole("searchbox").fill("stop palette");
  await expect(palette.getByRole("button", { name: /stop Palette база/i })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(palette).toBeHidden();
  await expect(page.getByRole("status").filter({ hasText: "Asked to stop Palette база." })).toBeVisible();
  await expect(state(page, "stopped")).toBeVisible();
  await admin().good(admin().patch(`/services/${service.uuid}/state`, { state: "process_start" }));
  await expect(state(page, "healthy")).toBeVisible({ timeout: 30_000 });

  await user("palette-viewer@example.com", "viewer");
  // a live page that draws itself anew in between is led to the sign-in
  await page.goto("about:blank");
  await signInAs(context, "palette-viewer@example.com");
  await open(page, `${SERVICES}/${service.name}`);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("stop palette");
  await expect(palette.getByText(/Nothing is called that/)).toBeVisible();
});
