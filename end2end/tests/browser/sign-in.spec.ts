import { type Page } from "@playwright/test";
import { NEW, OVERVIEW, SERVICES, expect, hydrated, open, signInAs, test } from "../support/browser.ts";
import { ADMIN } from "../support/console.ts";
import { shared, user } from "../support/shared.ts";

test.use({ signedIn: false });

const EMAIL = `browser-${process.pid}@example.com`;

test.beforeAll(() => user(EMAIL, "member"));

async function signIn(page: Page, password = ADMIN.password): Promise<void> {
  await page.getByRole("textbox", { name: "E-mail" }).fill(EMAIL);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a wrong password is told without saying which half is wrong, and nothing typed comes back", async ({ page }) => {
  await open(page, "/sign-in");
  await signIn(page, "wrong password");
  await expect(page.getByText("This e-mail address and password don't belong together.")).toBeVisible();
  expect(page.url()).not.toContain("wrong");
  expect(page.url()).not.toContain("browser");
  await expect(page.getByRole("textbox", { name: "Password" })).toHaveValue("");
});

test("signing in leads on to where one wanted to go; signing out ends the session for every page", async ({ page, context }) => {
  await open(page, `${SERVICES}?q=orders`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signIn(page);
  await page.waitForURL(`**${SERVICES}?q=orders`);
  await hydrated(page);
  const [session] = await context.cookies();
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });

  await page.getByRole("banner").getByRole("group").filter({ hasText: EMAIL }).locator("summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in");
  expect(await context.cookies()).toEqual([]);
  // the old cookie is no one's any more
  await context.addCookies([session!]);
  await open(page, SERVICES);
  await expect(page).toHaveURL(/\/sign-in\?e=expired/);
  await expect(page.getByText("Your session has ended. Sign in to go on where you were.")).toBeVisible();
});

test("a session is a new one, whatever the browser came with", async ({ page, context }) => {
  const { name } = shared().cookie;
  const { hostname } = new URL(shared().url);
  await context.addCookies([{ name, value: "planted", domain: hostname, path: "/" }]);
  await open(page, "/sign-in");
  await signIn(page);
  await page.waitForURL(`**${OVERVIEW}`);
  const [session] = await context.cookies();
  expect(session?.value).not.toBe("planted");
});

for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example/", "/.//evil.example"]) {
  test(`signing in never leads away: ${next}`, async ({ page }) => {
    await open(page, `/sign-in?next=${encodeURIComponent(next)}`);
    await signIn(page);
    await page.waitForURL(`**${OVERVIEW}`);
    expect(new URL(page.url()).origin).toBe(shared().url);
  });
}

test.describe("signed out meanwhile", () => {
  test.use({ allowed: [/the server responded with a status of 401/] });

  test("one is told so where one pressed, and led to the form and back", async ({ page, context }) => {
    await signInAs(context, EMAIL);
    await open(page, NEW);
    await page.getByRole("textbox", { name: "Label" }).fill("Too late");
    await context.clearCookies();
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await expect(page.getByText("Your session has ended.")).toBeVisible();
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page);
    await page.waitForURL(`**${NEW}`);
  });

  test("a link leads to the form, which leads to where it led", async ({ page, context }) => {
    await signInAs(context, EMAIL);
    await open(page, NEW);
    await context.clearCookies();
    await page.getByRole("navigation", { name: "Breadcrumbs" }).getByRole("link", { name: "Services" }).click();
    await page.waitForURL(`**/sign-in?next=${encodeURIComponent(SERVICES)}`);
  });
});
