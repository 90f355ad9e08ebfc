import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Page } from "@playwright/test";
import { ACCOUNT, ACTIVITY, NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, open, signInAs, state, test } from "../support/browser.ts";
import { metadata } from "../support/metadata.ts";
import { admin, shared, user } from "../support/shared.ts";
import { type Service } from "../support/types.ts";

const PLACE = resolve(import.meta.dirname, "../../screenshots");
const LOOKS = [360, 1440].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

test.setTimeout(300_000);
test.beforeAll(() => mkdirSync(PLACE, { recursive: true }));

/** The page as it is now, in every look. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: `${PLACE}/${name}-${width}-${colorScheme}.png`, fullPage: true, animations: "disabled" });
  }
}

/** A service that nobody works on, in this state since four minutes; its name. */
async function trouble(like: Service, state: string, reason: string, operation: string): Promise<string> {
  const name = `postgres-${state}`;
  await metadata(`
    with s as (
      insert into services (id, workspace_id, project_id, resource_id, name, label, service_type, postgres_version, ram_mib, disk_mib, cpu_millis, state, state_reason, port)
      select gen_random_uuid(), workspace_id, project_id, resource_id, '${name}', 'It is ${state}', 'postgres', 17, 256, 1024, 250, '${state}', '${reason}', ${state.length + 60_000}
      from services where id = '${like.uuid}' returning id, workspace_id
    ), o as (
      insert into operations (id, workspace_id, service_id, kind, state, error, created_at, finished_at)
      select gen_random_uuid(), workspace_id, id, 'create', '${operation}', nullif('${operation === "failed" ? reason : ""}', ''),
             now() - interval '5 minutes', case '${operation}' when 'failed' then now() end
      from s returning id, workspace_id
    )
    insert into operation_steps (operation_id, workspace_id, position, key, title, done_title, state, detail, started_at, finished_at)
    select o.id, o.workspace_id, n, key, title, title, state, detail, now() - interval '5 minutes', case when n < 3 then now() - interval '4 minutes 30 seconds' end
    from o, (values (1, 'place', 'Placed it', 'succeeded', 'on local-1'), (2, 'prepare', 'Prepared the data directory', 'succeeded', null),
                    (3, 'start', 'Starting the server', '${operation}', '${reason}')) as t (n, key, title, state, detail)`);
  return name;
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
  // an hour of measurements, and the newest of them as real as the others are not
  await metadata(`
    insert into samples
    select '${made[0]!.uuid}', workspace_id, date_bin('30 s', now(), 'epoch') - n * interval '30 s', now() - n * interval '30 s', 3 + (n / 7) % 5 + (n % 3), 20,
           1000000 - n * 400 - (n % 40) * 90, 5000000 - n * 900, 200000 - n * (6 + n % 5), 9000000 + (120 - n) * 30000,
           900000000 - n * 700000 - (n % 11) * 60000, 600000 - n * (1800 + (n % 17) * 120), 44000000 + (n % 23) * 700000
    from services, generate_series(0, 119) n where id = '${made[0]!.uuid}' and n not between 60 and 66
    on conflict do nothing`);
  const pages = {
    overview: OVERVIEW,
    projects: PROJECTS,
    project: `${PROJECTS}/${project_id}`,
    logs: `${SERVICES}/${made[0]!.name}/logs`,
    members: `${SERVICES}/${made[0]!.name}/members`,
    metrics: `${SERVICES}/${made[0]!.name}/metrics`,
    activity: `${SERVICES}/${made[0]!.name}/activity`,
    settings: `${SERVICES}/${made[0]!.name}/settings`,
    resources: RESOURCES,
    resource: `${RESOURCES}/${made[0]!.resource_id}`,
    "workspace-activity": ACTIVITY,
    account: ACCOUNT,
    find: "/w/main/find?q=o",
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

  await admin().good(admin().patch(`/services/${made[2]!.uuid}/state`, { state: "process_stop" }));
  await admin().state(made[2]!.uuid, ["stopped"]);
  rmSync(join(shared().dataDir, "services", made[2]!.name), { recursive: true });
  await admin().patch(`/services/${made[2]!.uuid}/state`, { state: "process_start" });
  await admin().state(made[2]!.uuid, ["lost"]);
  await open(page, `${SERVICES}/${made[2]!.name}`);
  await shoot(page, "service-lost");
  await open(page, OVERVIEW);
  await shoot(page, "overview-trouble");
  // what the local runtime brings about by itself only once in a long while
  const refused = await trouble(made[0]!, "failed", "Port 15433 is taken by another program on this machine; end that program", "failed");
  await open(page, `${SERVICES}/${refused}`);
  await shoot(page, "service-failed");
  const stuck = await trouble(made[0]!, "failing", "The server is still not ready after 60 s", "running");
  await open(page, `${SERVICES}/${stuck}`);
  await expect(page.getByText(/^Nothing has happened for 4 minutes/)).toBeVisible();
  await shoot(page, "service-stuck");

  await open(page, OVERVIEW);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("o");
  await expect(page.getByRole("dialog", { name: "Go to" }).getByRole("link").first()).toBeVisible();
  await shoot(page, "palette");

  await user("screenshots-viewer@example.com", "viewer");
  await page.goto("about:blank");
  await signInAs(context, "screenshots-viewer@example.com");
  await open(page, `${SERVICES}/${made[0]!.name}`);
  await shoot(page, "service-viewer");

  await context.clearCookies();
  await open(page, "/sign-in");
  await shoot(page, "sign-in");
  await metadata("delete from services where name in ('postgres-failed', 'postgres-failing')");
  for (const { uuid } of made) await admin().remove(uuid);
});
