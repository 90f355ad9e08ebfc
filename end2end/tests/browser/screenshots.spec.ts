import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { type Page } from "@playwright/test";
import { NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, open, state, test } from "../support/browser.ts";
import { admin } from "../support/shared.ts";
import { type Service } from "../support/types.ts";

const PLACE = resolve(import.meta.dirname, "../../screenshots");
const LOOKS = [360, 1440].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

test.setTimeout(180_000);
test.beforeAll(() => mkdirSync(PLACE, { recursive: true }));

/** The page as it is now, in every look. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: `${PLACE}/${name}-${width}-${colorScheme}.png`, fullPage: true, animations: "disabled" });
  }
}

test("every page in every look", async ({ page, context }) => {
  const left = await admin().good(admin().get<Service[]>("/services?limit=200"));
  for (const { uuid } of left) await admin().remove(uuid);
  await open(page, SERVICES);
  await expect(page.getByText("No services yet")).toBeVisible();
  await shoot(page, "list-empty");
  await open(page, OVERVIEW);
  await shoot(page, "overview-empty");

  await open(page, NEW);
  await shoot(page, "create");
  await page.getByRole("textbox", { name: "Memory, MiB" }).fill("1048576");
  await page.getByRole("textbox", { name: "CPU, cores" }).press("Enter");
  await shoot(page, "create-refused");

  const project_id = (await admin().project()).uuid;
  const made: Service[] = [];
  for (const label of ["Orders база", "Billing", "A label of forty characters, and no more"]) {
    made.push(await admin().healthy({ project_id, label, ram_size: 128, environment_variables: true }));
  }
  await admin().good(admin().patch(`/services/${made[1]!.uuid}/state`, { state: "process_stop" }));
  await admin().state(made[1]!.uuid, ["stopped"]);
  made.push(await admin().create({ project_id, label: "Just made", ram_size: 128 }));
  await open(page, `${SERVICES}/${made[3]!.name}`);
  await shoot(page, "service-creating");

  await open(page, SERVICES);
  await expect(page.getByText("Just made").first()).toBeAttached();
  await shoot(page, "list-full");
  const pages = {
    overview: OVERVIEW,
    projects: PROJECTS,
    project: `${PROJECTS}/${project_id}`,
    activity: `${SERVICES}/${made[0]!.name}/activity`,
    settings: `${SERVICES}/${made[0]!.name}/settings`,
    resources: RESOURCES,
    resource: `${RESOURCES}/${made[0]!.resource_id}`,
  };
  for (const [name, path] of Object.entries(pages)) {
    await open(page, path);
    await shoot(page, name);
  }
  await open(page, `${SERVICES}/${made[0]!.name}`);
  await expect(state(page, "healthy")).toBeVisible();
  await shoot(page, "service-healthy");
  await page.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await shoot(page, "service-delete");

  await context.clearCookies();
  await open(page, "/sign-in");
  await shoot(page, "sign-in");
  for (const { uuid } of made) await admin().remove(uuid);
});
