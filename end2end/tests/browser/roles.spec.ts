import { NEW, OVERVIEW, PROJECTS, SERVICES, expect, open, signInAs, state, test } from "../support/browser.ts";
import { SMALL } from "../support/cluster.ts";
import { admin, user } from "../support/shared.ts";
import { type Service } from "../support/types.ts";

test.use({ signedIn: false });

let service: Service;

test.beforeAll(async () => {
  const made = admin().healthy({ project_id: (await admin().project()).uuid, label: "Not mine", ram_size: SMALL });
  await user("browser-viewer@example.com", "viewer");
  await user("browser-support@example.com", "support");
  service = await made;
});

test.afterAll(() => admin().remove(service.uuid));

test("a viewer sees everything and is told why nothing can be pressed", async ({ page, context }) => {
  await signInAs(context, "browser-viewer@example.com");
  for (const path of [OVERVIEW, SERVICES, `${PROJECTS}/${service.project_id}`]) {
    await open(page, path);
    const create = page.getByRole("button", { name: "Create service" });
    await expect(create, path).toBeDisabled();
    await expect(create, path).toHaveAccessibleDescription(/services:manage/);
  }
  await open(page, `${SERVICES}/${service.name}`);
  await expect(state(page, "healthy")).toBeVisible();
  for (const name of ["Stop", "Restart", "Delete", "Reveal"]) {
    const button = page.getByRole("button", { name, exact: true });
    await expect(button).toBeDisabled();
    await expect(button).toHaveAccessibleDescription(/services:(operate|manage|reveal)/);
  }
  await open(page, NEW);
  await expect(page.getByRole("button", { name: "Create", exact: true })).toBeDisabled();
});

test("support has to say why before a password is shown", async ({ page, context }) => {
  await signInAs(context, "browser-support@example.com");
  await open(page, `${SERVICES}/${service.name}`);
  await page.getByRole("button", { name: "Reveal" }).click();
  const dialog = page.getByRole("dialog", { name: "Why do you need the credentials?" });
  await dialog.getByRole("button", { name: "Go on" }).click();
  await expect(dialog.getByRole("textbox", { name: "Reason" })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("group", { name: "the connection URL" })).toContainText("••••");
  await dialog.getByRole("textbox", { name: "Reason" }).fill("Ticket 17");
  await dialog.getByRole("button", { name: "Go on" }).click();
  await expect(dialog).toBeHidden();
  const { connection_url } = (await admin().service(service.uuid)).connection_details!.internal;
  await expect(page.getByRole("group", { name: "the connection URL" })).toHaveText(connection_url);
});
