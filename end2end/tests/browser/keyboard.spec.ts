import { type Page } from "@playwright/test";
import { ACCOUNT, ACTIVITY, NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, hydrated, open, state, test } from "../support/browser.ts";
import { shell } from "../support/psql.ts";
import { admin } from "../support/shared.ts";

/** Presses Tab until what is focused has this name; whoever can't get there by Tab can't get there at all. */
async function tabTo(page: Page, role: "button" | "textbox" | "link" | "combobox", name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name, ...(typeof name === "string" ? { exact: true } : {}) }).and(page.locator(":focus"));
  for (let n = 0; n < 80; n++) {
    if ((await wanted.count()) > 0) {
      // seen by whoever can't see the mouse: an outline, or the ring of a field
      const ring = await wanted.first().evaluate((focused) => {
        const { outlineStyle, boxShadow } = getComputedStyle(focused);
        return outlineStyle !== "none" || boxShadow !== "none";
      });
      expect(ring, `${name} shows that it is focused`).toBe(true);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never reached ${role} ${name}`);
}

test("the keyboard alone creates a service, connects to it and deletes it", async ({ page }) => {
  test.setTimeout(120_000);
  const label = `Keys ${Date.now()}`;
  await open(page, OVERVIEW);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("create service");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**${NEW}`);
  await hydrated(page);
  await tabTo(page, "textbox", "Label");
  await page.keyboard.type(label);
  await tabTo(page, "textbox", "Memory, MiB");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("128");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(label);
  await hydrated(page);
  await expect(state(page, "healthy")).toBeVisible({ timeout: 60_000 });

  await tabTo(page, "combobox", "Format");
  await page.keyboard.type("psql");
  await tabTo(page, "button", /^Reveal/);
  await page.keyboard.press("Enter");
  const line = page.getByRole("group", { name: "the psql command" });
  await expect(line).toContainText("PGPASSWORD=");
  await expect(line).not.toContainText("••••");
  expect(await shell(await line.innerText(), "select 'by keys';")).toBe("by keys");
  await tabTo(page, "button", "Test this connection");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Signed in at/)).toBeVisible();

  const name = new URL(page.url()).pathname.split("/").at(-1)!;
  await page.keyboard.press("Home");
  await tabTo(page, "button", "Delete");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByRole("textbox")).toBeFocused();
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**${SERVICES}`);
  expect((await admin().get(`/services/${name}`)).status).toBe(404);
});

test("the palette reaches every page of the console", async ({ page }) => {
  const [project] = (await admin().get("/projects?limit=1")).body;
  const [pool] = (await admin().get("/resources?limit=1")).body;
  const pages: Record<string, string> = {
    overview: OVERVIEW,
    services: SERVICES,
    projects: PROJECTS,
    resources: RESOURCES,
    activity: ACTIVITY,
    account: ACCOUNT,
    "create service": NEW,
    [project.name]: `${PROJECTS}/${project.uuid}`,
    [pool.label]: `${RESOURCES}/${pool.uuid}`,
  };
  for (const [words, path] of Object.entries(pages)) {
    await open(page, path === OVERVIEW ? SERVICES : OVERVIEW);
    await page.keyboard.press("Control+k");
    const found = page.waitForResponse((answer) => new URL(answer.url()).searchParams.get("q") === words);
    await page.keyboard.type(words);
    await (await found).finished();
    const link = page.getByRole("dialog", { name: "Go to" }).locator(`a[href="${path}"]`);
    await expect(link, words).toBeVisible();
    await link.press("Enter");
    await expect(page, words).toHaveURL(path);
  }
});

/** WCAG 2.2, 1.4.11: what shows where to type stands out by 3:1. */
for (const colorScheme of ["light", "dark"] as const) {
  test(`borders of inputs stand out, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, NEW);
    const ratio = await page.getByRole("textbox", { name: "Label" }).evaluate((input) => {
      const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
      const luminance = (colour: string) => {
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => {
          const part = value / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
      };
      const style = getComputedStyle(input);
      const [border, ground] = [luminance(style.borderTopColor), luminance(style.backgroundColor)];
      return (Math.max(border, ground) + 0.05) / (Math.min(border, ground) + 0.05);
    });
    expect(ratio).toBeGreaterThanOrEqual(3);
  });
}
