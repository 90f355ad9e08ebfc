import { readFileSync } from "node:fs";
import { NEW, choose, expect, open, state, test } from "../support/browser.ts";
import { type Thing, kubernetes, labelled, log } from "../support/cluster.ts";
import { admin } from "../support/shared.ts";
import { type Project, type Refusal, type Service } from "../support/types.ts";
import { until } from "../support/until.ts";

const APPS = "apis/apps/v1";
const LABEL = "Uploads, общие";
/** An app, as far as the tests look at it. */
interface App {
  spec: { template: { spec: { volumes?: unknown[]; containers: object[] } } };
}

/** Writes its name wherever it has a volume, and says who has written there. */
const WRITES = 'while :; do for at in /data /spool; do [ -d $at ] && date > "$at/$APP" && ls $at; done; sleep 1; done';
const SAYS = 'echo "URL is $DATABASE_URL"; exec sleep 3600';

/** An app of a project, as somebody else applies it. */
async function deploy(kind: "Deployment" | "StatefulSet", name: string, namespace: string, project: Project, script: string): Promise<() => Promise<void>> {
  const { images } = JSON.parse(readFileSync(process.env["BERTH_KUBERNETES_CONFIG"]!, "utf8")) as { images: Record<string, string> };
  const labels = { app: name, "berth.dev/project": project.uuid };
  const container = {
    name: "app",
    image: images["17"],
    command: ["sh", "-c", script],
    env: [{ name: "APP", value: name }],
    envFrom: [{ secretRef: { name: `variables-${project.uuid}`, optional: true } }],
    // what volumes of the tests' node belong to
    securityContext: { runAsNonRoot: true, runAsUser: 26, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, seccompProfile: { type: "RuntimeDefault" } },
  };
  const template = { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 0 } };
  const all = `/${APPS}/namespaces/${namespace}/${kind.toLowerCase()}s`;
  const spec = { replicas: 1, selector: { matchLabels: { app: name } }, template, ...(kind === "StatefulSet" ? { serviceName: name } : {}) };
  await kubernetes("POST", all, { apiVersion: "apps/v1", kind, metadata: { name, labels }, spec });
  return () => kubernetes("DELETE", `${all}/${name}?propagationPolicy=Background`);
}

const pods = async (app: string) => (await labelled("pods", `app=${app}`)).filter(({ metadata }) => !metadata.deletionTimestamp);

/** What the pods of an app say, once it is this. */
const says = (app: string, what: RegExp) =>
  until(`${app} to say ${what}`, async () => (await Promise.all((await pods(app)).map(log))).join("\n"), (said) => what.test(said), { within: 120_000 });

async function nowhere(name: string): Promise<void> {
  expect(await labelled("persistentvolumeclaims", `berth.dev/name=${name}`)).toEqual([]);
}

const mounted = (name: string, count: number) =>
  until(`${count} apps to have ${name}`, () => admin().service(name), ({ mounts }) => mounts.length === count && mounts.every((mount) => mount.state === "mounted"), { within: 180_000 });

test("a volume is made in the browser, two apps write to it, and it is taken from one of them", async ({ page }) => {
  test.setTimeout(600_000);
  const project = await admin().project();
  await open(page, NEW);
  await choose(page, "Type", "Shared storage");
  await page.getByRole("textbox", { name: "Label" }).fill(LABEL);
  await expect(page.getByRole("textbox", { name: "Memory, MiB" })).toBeHidden();
  await expect(page.getByRole("textbox", { name: "Mount point" })).toHaveValue("/data");
  await choose(page, "Format", "YAML");
  const yaml = page.getByRole("group", { name: "the request" });
  await expect(yaml).toContainText("kind: PersistentVolumeClaim");
  await expect(yaml).toContainText("ReadWriteMany");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByRole("heading", { name: LABEL })).toBeVisible();
  const name = new URL(page.url()).pathname.split("/").at(-1)!;
  await expect(state(page, "bound")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("No app mounts it yet.")).toBeVisible();
  for (const word of ["Start", "Stop", "Restart"]) await expect(page.getByRole("button", { name: word, exact: true })).toHaveCount(0);
  const [{ metadata }] = (await labelled("persistentvolumeclaims", `berth.dev/name=${name}`)) as [Thing];
  const removals = [await deploy("Deployment", "web", metadata.namespace, project, WRITES), await deploy("Deployment", "worker", metadata.namespace, project, WRITES)];
  try {
    await test.step("each of two apps is given it by the form", async () => {
      for (const [app, at] of [["web", "/data"], ["worker", "/spool"]] as const) {
        await page.reload();
        await page.getByRole("combobox", { name: "App" }).selectOption(`deployment/${app}`);
        await page.getByRole("textbox", { name: "Mount point" }).fill(at);
        await page.getByRole("button", { name: "Mount", exact: true }).click();
        const row = page.getByRole("table", { name: "Apps" }).getByRole("row").filter({ hasText: `deployment/${app}` });
        await expect(row).toContainText("Mounted", { timeout: 120_000 });
        await expect(row).toContainText(at);
      }
    });
    await test.step("both write, and see what the other has written", async () => {
      for (const app of ["web", "worker"]) await says(app, /web\nworker/);
    });
    await test.step("a path that another volume has is refused at its field", async () => {
      const other = await admin().good(admin().post<Service>("/services", { service_type: "shared_storage", project_id: project.uuid, label: "Other", mount_point: "/data" }));
      await admin().state(other.name, ["bound"]);
      const taken = await admin().post<Refusal>(`/services/${other.name}/mount_app`, { app_id: "deployment/web" });
      expect([taken.status, taken.body.fields[0]!.field]).toEqual([422, "mount_point"]);
      await admin().remove(other.name);
    });
    await test.step("it can not be moved while apps have it, nor grow where its class does not let it", async () => {
      const target = await admin().newProject(`Target ${name}`);
      const moved = await admin().put<Refusal>(`/services/${name}`, { project_id: target.uuid });
      expect([moved.status, moved.body.fields[0]!.field]).toEqual([422, "project_id"]);
      await admin().good(admin().delete(`/projects/${target.uuid}`));
      await admin().good(admin().put(`/services/${name}`, { disk_size: 2 }));
      expect((await admin().state(name, ["degraded"])).state_reason).toContain("can't grow to 2 GiB");
    });
    await test.step("taken from one, the other keeps it", async () => {
      await page.getByRole("button", { name: "Unmount deployment/worker" }).click();
      await expect(page.getByRole("table", { name: "Apps" }).getByRole("row")).toHaveCount(2, { timeout: 60_000 });
      const { spec } = await kubernetes<App>("GET", `/${APPS}/namespaces/${metadata.namespace}/deployments/worker`);
      expect(spec.template.spec.volumes ?? []).toEqual([]);
      await mounted(name, 1);
    });
    await test.step("deleted, no app has it and nothing of it is left", async () => {
      await admin().remove(name);
      const { spec } = await kubernetes<App>("GET", `/${APPS}/namespaces/${metadata.namespace}/deployments/web`);
      expect(spec.template.spec.volumes ?? []).toEqual([]);
      await nowhere(name);
    });
  } finally {
    for (const remove of removals) await remove();
  }
});

test("a volume of one app is made where that app is, and a second app is refused", async () => {
  test.setTimeout(300_000);
  const project = await admin().project();
  const asked = { service_type: "shared_storage", project_id: project.uuid, label: "Spool", mount_point: "/spool", storage_access: "RWO" };
  const { name } = await admin().good(admin().post<Service>("/services", asked));
  const waits = await until("what it waits for", () => admin().service(name), ({ state_reason }) => state_reason?.includes("once an app mounts it") ?? false);
  expect(waits.state).toBe("creating");
  const [{ metadata }] = (await labelled("persistentvolumeclaims", `berth.dev/name=${name}`)) as [Thing];
  const remove = await deploy("StatefulSet", "queue", metadata.namespace, project, WRITES);
  try {
    const apps = () => admin().good(admin().get<{ app_id: string }[]>(`/services/${name}/apps`));
    await until("the app", apps, (found) => found.some(({ app_id }) => app_id === "statefulset/queue"));
    await admin().good(admin().post(`/services/${name}/mount_app`, { app_id: "statefulset/queue" }));
    await mounted(name, 1);
    await admin().state(name, ["bound"]);
    await says("queue", /queue/);
    const second = await admin().post<Refusal>(`/services/${name}/mount_app`, { app_id: "deployment/web" });
    expect([second.status, second.body.fields[0]!.field]).toEqual([422, "app_id"]);
    // somebody takes it from the app behind Berth's back, and it is given again
    const queue = `/${APPS}/namespaces/${metadata.namespace}/statefulsets/queue`;
    const { containers } = (await kubernetes<App>("GET", queue)).spec.template.spec;
    await kubernetes("PATCH", queue, { spec: { template: { spec: { volumes: [], containers: containers.map((one) => ({ ...one, volumeMounts: [] })) } } } });
    await until("the volume to be back", () => kubernetes<App>("GET", queue), ({ spec }) => spec.template.spec.volumes?.length === 1, { within: 10_000 });
    await until("its pod", () => labelled("pods", "app=queue"), (all) => all.length === 1 && !all[0]!.metadata.deletionTimestamp, { within: 60_000 });
    await mounted(name, 1);
    await says("queue", /queue/);
    await admin().remove(name);
    await nowhere(name);
  } finally {
    await remove();
  }
});

test("a project's variables reach an app, which begins anew with the new password when it is rotated", async () => {
  test.setTimeout(300_000);
  const project = await admin().newProject(`Rotated ${Date.now()}`);
  const service = await admin().healthy({ project_id: project.uuid, label: "Rotated", cpu_size: 1, environment_variables: true });
  const [{ metadata }] = (await labelled("secrets", `berth.dev/name=${service.name}`)) as [Thing];
  const url = async () => (await admin().vars(project.uuid)).find(({ key }) => key === "DATABASE_URL")!.value!;
  const remove = await deploy("Deployment", "shop", metadata.namespace, project, SAYS);
  try {
    const literally = (text: string) => new RegExp(`^URL is ${text.replaceAll(/[^\w]/g, "\\$&")}$`, "m");
    const before = await url();
    await says("shop", literally(before));
    await admin().good(admin().post(`/services/${service.name}/rotate_password`));
    await admin().state(service.name, ["healthy"], 120_000);
    const after = await until("the new variable", url, (now) => now !== before);
    await says("shop", literally(after));
  } finally {
    await remove();
  }
  await admin().remove(service.name);
  await admin().good(admin().delete(`/projects/${project.uuid}`));
});
