import { Api } from "../support/api.ts";
import { ACCOUNT, ACTIVITY, OVERVIEW, RESOURCES, SERVICES, expect, hydrated, open, signInAs, state, test } from "../support/browser.ts";
import { ADMIN } from "../support/console.ts";
import { admin, shared, stranger, user } from "../support/shared.ts";
import { details } from "../support/types.ts";

/** Whatever an agent says of itself: how a session of a test is found again. */
const ELSEWHERE = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/131.0";

test("an admin finds what fills a pool, moves a service, ends a session and revokes a token", async ({ page, browser }) => {
  const [from, to] = [await admin().newProject(`From ${Date.now()}`), await admin().newProject(`To ${Date.now()}`)];
  const service = await admin().healthy({ project_id: from.uuid, label: "Large one", ram_size: 192, environment_variables: true });

  await test.step("from the overview to what fills the pool", async () => {
    await open(page, OVERVIEW);
    const pool = (await admin().get(`/resources/${service.resource_id}`)).body;
    await page.getByRole("main").getByRole("link", { name: pool.label }).click();
    await expect(page).toHaveURL(`${RESOURCES}/${pool.uuid}`);
    await page.getByRole("row").filter({ hasText: "Large one" }).getByRole("link").click();
  });

  await test.step("to another project, and its variables go along", async () => {
    await page.getByRole("link", { name: "Settings" }).click();
    await hydrated(page);
    await page.getByRole("combobox", { name: "Project" }).selectOption({ label: to.name });
    await page.getByRole("button", { name: "Save" }).click();
    await page.waitForURL(`**${SERVICES}/${service.name}`);
    await expect(page.getByRole("main")).toContainText(to.name);
    await expect.poll(async () => (await admin().vars(to.uuid)).length).toBe(2);
    expect(await admin().vars(from.uuid)).toEqual([]);
    await expect(page.getByRole("listitem").filter({ hasText: "DATABASE_URL" })).toContainText("written");
  });

  const elsewhere = await browser.newContext({ baseURL: shared().url, userAgent: ELSEWHERE });
  await signInAs(elsewhere, ADMIN.email);
  const there = await elsewhere.newPage();
  await there.goto(OVERVIEW);
  await expect(there.getByRole("heading", { level: 1 })).toHaveText("Overview");

  await test.step("a session elsewhere is ended", async () => {
    await page.getByRole("group").filter({ hasText: ADMIN.email }).locator("summary").click();
    await page.getByRole("link", { name: "Account" }).click();
    await hydrated(page);
    await expect(page).toHaveURL(ACCOUNT);
    const row = page.getByRole("table", { name: "Sessions" }).getByRole("row").filter({ hasText: "Firefox on Windows" });
    await row.getByRole("button", { name: /^End/ }).click();
    await expect(page.getByRole("status").filter({ hasText: "The session has ended." })).toBeVisible();
    await expect(row).toHaveCount(0);
    await there.reload();
    await expect(there).toHaveURL(/\/sign-in/);
    await elsewhere.close();
  });

  await test.step("a token is shown once, works, and is revoked", async () => {
    await page.getByRole("button", { name: "New token" }).click();
    const sheet = page.getByRole("dialog", { name: "New token" });
    await sheet.getByRole("button", { name: "Make it" }).click();
    await expect(sheet.getByRole("textbox", { name: "Label" })).toHaveAccessibleDescription(/missing/i);
    await sheet.getByRole("textbox", { name: "Label" }).fill("Deploys");
    await sheet.getByRole("textbox", { name: "Days until it expires" }).fill("30");
    await sheet.getByRole("button", { name: "Make it" }).click();
    const token = sheet.getByText(/^berth_/);
    await expect(token).toBeVisible();
    const secret = await token.innerText();
    const api = new Api(shared().url, secret);
    expect((await api.get("/users/me")).status).toBe(200);
    await sheet.getByRole("button", { name: "Close" }).last().click();
    const row = page.getByRole("table", { name: "Tokens" }).getByRole("row").filter({ hasText: "Deploys" });
    await expect(row).toBeVisible();
    await page.getByRole("button", { name: "New token" }).click();
    await expect(sheet.getByText(/^berth_/)).toHaveCount(0);
    await page.keyboard.press("Escape");
    await page.reload();
    await hydrated(page);
    expect(await page.content()).not.toContain(secret);
    await row.getByRole("button", { name: "Revoke Deploys" }).click();
    await expect(row).toHaveCount(0);
    expect((await api.get("/users/me")).status).toBe(401);
  });

  await test.step("what was done stands in Activity, also when its toast is gone", async () => {
    await page.getByRole("navigation", { name: "Workspace" }).getByRole("link", { name: "Activity" }).click();
    await expect(page).toHaveURL(ACTIVITY);
    const lines = page.getByRole("main").getByRole("listitem");
    await expect(lines.filter({ hasText: "revoked the token Deploys" }).first()).toContainText(ADMIN.email);
    await expect(lines.filter({ hasText: `changed ${service.name}` }).first()).toBeVisible();
    await expect(lines.filter({ hasText: "ended the session from" }).first()).toBeVisible();
  });
  await admin().remove(service.uuid);
});

test("support gets from a name to state, cause, evidence and a test, and the owner reads why a password was shown", async ({ page, context, browser }) => {
  const email = "support-job@example.com";
  await user(email, "support");
  const service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Why can't I connect", ram_size: 128 });
  const { password } = details(service);
  const owner = await context.storageState();
  await signInAs(context, email);
  await open(page, OVERVIEW);

  await test.step("by a part of its name", async () => {
    await page.keyboard.press("Control+k");
    const palette = page.getByRole("dialog", { name: "Go to" });
    await palette.getByRole("searchbox").fill(service.name.slice(-5));
    await expect(palette.getByRole("link").filter({ hasText: service.label })).toBeVisible();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(service.label);
  });

  await test.step("a stopped one says so, and by whom", async () => {
    await admin().good(admin().patch(`/services/${service.uuid}/state`, { state: "process_stop" }));
    await expect(state(page, "stopped")).toBeVisible();
    const test = page.getByRole("button", { name: "Test this connection" });
    await expect(test).toBeDisabled();
    await admin().good(admin().patch(`/services/${service.uuid}/state`, { state: "process_start" }));
    await expect(state(page, "healthy")).toBeVisible({ timeout: 30_000 });
  });

  await test.step("the log knows more, and no password", async () => {
    await page.getByRole("link", { name: "Logs" }).click();
    await hydrated(page);
    await expect(page.getByRole("log")).toContainText("database system is ready to accept connections");
    expect(await page.content()).not.toContain(password);
    await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Overview" }).click();
    await hydrated(page);
  });

  await test.step("the connection is tried", async () => {
    await page.getByRole("button", { name: "Test this connection" }).click();
    await expect(page.getByText(/^Signed in at 127\.0\.0\.1:\d+ in .* PostgreSQL 17\./)).toBeVisible();
    // what was found stays while the page is drawn anew
    await admin().good(admin().put(`/services/${service.uuid}`, { label: "It was the firewall" }));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("It was the firewall");
    await expect(page.getByText(/^Signed in at/)).toBeVisible();
  });

  await test.step("a password is shown for a reason, which the owner reads", async () => {
    await page.getByRole("button", { name: "Reveal" }).click();
    const dialog = page.getByRole("dialog", { name: "Why do you need the credentials?" });
    await dialog.getByRole("textbox", { name: "Reason" }).fill("Ticket 4711");
    await dialog.getByRole("button", { name: "Go on" }).click();
    await expect(page.getByRole("group", { name: "the connection URL" })).toContainText(encodeURIComponent(password));
    await page.getByRole("link", { name: "Activity" }).last().click();
    await expect(page.getByRole("main").getByRole("listitem").filter({ hasText: "Ticket 4711" })).toContainText(email);
    await expect(page.getByRole("heading", { name: "What you did" })).toBeVisible();

    const other = await browser.newContext({ baseURL: shared().url, storageState: owner });
    const desk = await other.newPage();
    await open(desk, `${SERVICES}/${service.name}/activity`);
    const line = desk.getByRole("main").getByRole("listitem").filter({ hasText: "Ticket 4711" });
    await expect(line).toContainText(`${email} looked at the credentials of`);
    await other.close();
  });
  await admin().remove(service.uuid);
});

test.describe("signed out", () => {
  test.use({ signedIn: false });

  test("a new password takes the place of the old one and ends the other sessions", async ({ page, context, browser }) => {
    const email = "changes-password@example.com";
    await user(email, "member");
    const elsewhere = await browser.newContext({ baseURL: shared().url });
    await signInAs(elsewhere, email);
    await signInAs(context, email);
    await open(page, ACCOUNT);
    const send = async (current: string, next: string) => {
      await page.getByLabel("Current password").fill(current);
      await page.getByLabel("New password").fill(next);
      await page.getByRole("button", { name: "Change password" }).click();
    };
    await send("not the password", "a much longer password");
    await expect(page.getByLabel("Current password")).toHaveAccessibleDescription("Current password is not your password");
    await send(ADMIN.password, "short");
    await expect(page.getByLabel("New password")).toHaveAccessibleDescription(/too short/);
    await expect(page.getByLabel("Current password")).toHaveValue(ADMIN.password);
    await send(ADMIN.password, "a much longer password");
    await expect(page.getByRole("status").filter({ hasText: "Your password was changed." })).toBeVisible();
    await expect(page.getByLabel("New password")).toHaveValue("");
    const there = await elsewhere.newPage();
    await there.goto(`${shared().url}${ACCOUNT}`);
    await expect(there).toHaveURL(/\/sign-in/);
    await elsewhere.close();
    expect((await stranger().post("/auth/sign_in", { email, password: ADMIN.password })).status).toBe(401);
    expect((await stranger().post("/auth/sign_in", { email, password: "a much longer password" })).status).toBe(200);
  });
});
