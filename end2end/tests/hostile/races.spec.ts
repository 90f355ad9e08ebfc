import { expect, test } from "@playwright/test";
import { type Answer } from "../support/api.ts";
import { admin } from "../support/shared.ts";
import { type Operation, type Service } from "../support/types.ts";
import { until } from "../support/until.ts";
import { faults, logged, rows, standing } from "./proof.ts";

const CANARY = `h33c${process.pid}`;

test.describe.configure({ timeout: 180_000 });

test("H33 a move, a scale, a rename, a stop and then a delete at once end in some order, and leave nothing", async () => {
  const since = logged();
  const [here, there] = [await admin().newProject(`Raced from ${process.pid}`), await admin().newProject(`Raced to ${process.pid}`)];
  const before = await standing(CANARY);
  const { uuid, name } = await admin().healthy({ project_id: here.uuid, label: "Raced", ram_size: 128, environment_variables: true });
  const at = `/services/${uuid}`;
  const operations = () => admin().good(admin().get<Operation[]>(`${at}/operations`));
  /** Each is done whole or refused whole. */
  const atOnce = async (wishes: (() => Promise<Answer>)[]) => {
    const answers = await Promise.all(wishes.map((wish) => wish()));
    for (const answer of answers) expect([200, 204, 404, 422], answer.text).toContain(answer.status);
    return answers.map(({ status }) => status < 300);
  };

  const [moved, scaled, renamed, stopped] = await atOnce([
    () => admin().put(at, { project_id: there.uuid }),
    () => admin().put(at, { ram_size: 256 }),
    () => admin().put(at, { label: "Raced on" }),
    () => admin().patch(`${at}/state`, { state: "process_stop" }),
  ]);
  await until("every operation to end", operations, (all) => all.every(({ finished_at }) => finished_at !== null), { within: 120_000 });
  await admin().state(uuid, [stopped ? "stopped" : "healthy"]);
  expect(await admin().service(uuid)).toMatchObject({ project_id: moved ? there.uuid : here.uuid, ram_size: scaled ? 256 : 128, label: renamed ? "Raced on" : "Raced" });
  const keys = async (project: string) => (await admin().vars(project)).map(({ key }) => key).sort();
  const written = ["DATABASE_URL", `${name.toUpperCase().replace("-", "_")}_URL`];
  expect([await keys(here.uuid), await keys(there.uuid)]).toEqual(moved ? [[], written] : [written, []]);

  const [, , deleted] = await atOnce([
    () => admin().put(at, { project_id: here.uuid }),
    () => admin().put(at, { ram_size: 512 }),
    () => admin().delete(at),
    () => admin().patch(`${at}/state`, { state: "process_start" }),
  ]);
  expect(deleted).toBe(true);
  await until("it to be gone", () => admin().get<Service>(at), ({ status }) => status === 404, { within: 120_000 });
  expect([await keys(here.uuid), await keys(there.uuid)]).toEqual([[], []]);
  for (const table of ["services", "tasks", "operations", "observations", "vars"]) {
    expect(await rows(`select 1 from ${table} where ${table === "services" ? "id" : "service_id"} = '${uuid}'`), table).toEqual([]);
  }
  for (const { uuid } of [here, there]) await admin().good(admin().delete(`/projects/${uuid}`));
  expect(await standing(CANARY)).toEqual(before);
  expect(faults(since)).toEqual([]);
});
