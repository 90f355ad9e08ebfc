import { expect, test } from "@playwright/test";
import { type Thing, kubernetes, labelled } from "../support/cluster.ts";
import { admin } from "../support/shared.ts";
import { until } from "../support/until.ts";

const NAMESPACE = "cnpg-system";
const CLUSTERS = "apis/postgresql.cnpg.io/v1";
const OPERATOR = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/cnpg-controller-manager`;

/** So many of it, and no other. */
async function operators(replicas: number): Promise<void> {
  await kubernetes("PATCH", OPERATOR, { spec: { replicas } });
  const ready = async () => (await kubernetes<{ status: { readyReplicas?: number } }>("GET", OPERATOR)).status.readyReplicas ?? 0;
  const pods = async () => (await labelled("pods", "app.kubernetes.io/name=cloudnative-pg")).length;
  await until(`${replicas} operators`, async () => [await ready(), await pods()], ([ready, pods]) => ready === replicas && pods === replicas, { within: 120_000 });
}

test("while the operator is away its words are shown and nothing is lost, and what was asked for goes on soon after its return", async () => {
  test.setTimeout(600_000);
  const project = await admin().project();
  const wanted = (label: string) => ({ project_id: project.uuid, label, postgres_version: "17", cpu_size: 1 });
  const silent = "operator does not answer";
  const calm = await admin().create(wanted("Calm"));
  await admin().state(calm.name, ["healthy"], 240_000);
  await operators(0);
  let begun;
  try {
    begun = await admin().create(wanted("Begun"));
    await admin().good(admin().put(`/services/${calm.name}`, { ram_size: 512 }));
    for (const { name } of [begun, calm]) {
      const said = await until("the reason", () => admin().service(name), ({ state_reason }) => state_reason?.includes(silent) ?? false);
      // what serves goes on serving as it is
      expect(name === calm.name ? ["healthy"] : ["pending", "processing", "creating"]).toContain(said.state);
    }
    // what is there serves
    const tried = await admin().good(admin().post<{ ok: boolean }>(`/services/${calm.name}/test_connection`));
    expect(tried.ok).toBe(true);
  } finally {
    await operators(1);
  }
  const [{ metadata }] = (await labelled("clusters", `berth.dev/name=${calm.name}`, CLUSTERS)) as [Thing];
  // asks the webhook, and changes nothing
  const dry = `/${CLUSTERS}/namespaces/${metadata.namespace}/clusters/${calm.name}?dryRun=All`;
  const answers = () => kubernetes("PATCH", dry, { metadata: { annotations: { asked: "yes" } } }).then(() => true, () => false);
  await until("the webhook", answers, (yes) => yes);
  const back = Date.now();
  for (const { name } of [begun, calm]) {
    await until("it to go on", () => admin().service(name), ({ state_reason }) => !state_reason?.includes(silent), { within: 5_000 });
  }
  console.log(`went on ${Date.now() - back} ms after the operator was back`);
  for (const { name } of [begun, calm]) await admin().state(name, ["healthy"], 240_000);
  expect((await admin().service(calm.name)).ram_size).toBe(512);
  for (const { name } of [begun, calm]) {
    expect((await labelled("clusters", `berth.dev/name=${name}`, CLUSTERS)).length).toBe(1);
    await admin().remove(name);
  }
});
