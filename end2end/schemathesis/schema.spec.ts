import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import { type Api } from "../tests/support/api.ts";
import { ADMIN, Console } from "../tests/support/console.ts";
import { schemathesis } from "./install.ts";

/** Cases that are drawn for each operation, and where the drawing begins. */
const CASES = process.env["SCHEMA_CASES"] ?? "50";
const SEED = process.env["SCHEMA_SEED"] ?? "7340";
/** More words for schemathesis, to look at one operation: `--include-operation-id create_service`. */
const ARGS = process.env["SCHEMA_ARGS"]?.split(" ") ?? [];

const MAJORS = ["13", "14", "15", "16", "17", "18"];
/** What is left for services that schemathesis makes, in GiB: a few at once, and every other create is refused. */
const ROOM = 4;

/** Operations that can't succeed here: nothing of what is made fails, and on this machine nothing follows a server elsewhere, and there are no volumes. */
const NEVER = ["preflight", "list_apps", "create_replica", "mount_app", "promote_external", "promote_replica", "retry_service", "unmount_app"];

/** How often each operation was answered with which status. */
type Answers = Record<string, Record<string, number>>;

test(`the API keeps to its document in ${CASES} cases of each operation (seed ${SEED})`, async () => {
  const program = await schemathesis();
  const console = await Console.start(MAJORS, 40, { settings: { BERTH_BEHIND_PROXY: "true" } });
  const dir = mkdtempSync(join(tmpdir(), "berth-schema-"));
  let child: ChildProcess | undefined;
  try {
    const admin = await console.admin();
    const { token, ids, spare } = await seeds(admin);
    const all = await operations(admin);
    copyFileSync(join(import.meta.dirname, "schemathesis.toml"), join(dir, "schemathesis.toml"));
    for (const [name, values] of Object.entries(ids)) writeFileSync(join(dir, name), values.map((it) => `${JSON.stringify(it)}\n`).join(""));
    const kept = [...ids.projects, ...ids.services, ...ids.calm, ...ids.turned, ...ids.tokens].join(" ");
    const env = { PATH: process.env["PATH"], HOME: dir, TOKEN: token, KEPT: kept, PROJECT: ids.projects[0], SPARE: JSON.stringify(spare), PYTHONPATH: import.meta.dirname, PYTHONDONTWRITEBYTECODE: "1" };
    const args = ["run", `${console.url}/api/v1/openapi.json`, "--max-examples", CASES, "--seed", SEED, ...ARGS];
    const running = spawn(program, args, { cwd: dir, env, stdio: ["ignore", "pipe", "inherit"] });
    child = running;
    running.stdout.pipe(process.stdout, { end: false });
    const ended = new AbortController();
    const [code] = await Promise.all([
      new Promise((done) => running.on("close", done)).finally(() => ended.abort()),
      stir(console.api().with({ authorization: `Bearer ${token}` }), ids.services[0]!, ended.signal),
    ]);
    process.stdout.write(readFileSync(join(dir, "answers.json"), "utf8"));
    expect(code, "schemathesis's report stands above").toBe(0);
    const answers: Answers = JSON.parse(readFileSync(join(dir, "answers.json"), "utf8"));
    const asked = ARGS.length > 0 ? Object.keys(answers) : all;
    const never = asked.filter((id) => !Object.keys(answers[id] ?? {}).some((status) => status < "300"));
    expect(never, "what was never answered with what it is for").toEqual(NEVER.filter((id) => asked.includes(id)));
  } finally {
    child?.kill();
    rmSync(dir, { recursive: true, force: true });
    await console.end();
  }
});

/** Something of each kind, by the names of the dictionaries in schemathesis.toml. */
async function seeds(admin: Api) {
  const { token, uuid: own } = await admin.good(admin.post("/users/me/tokens", { label: "schemathesis" }));
  const me = await admin.good(admin.get("/users/me"));
  const project = await admin.newProject("Schema");
  const [resource] = await admin.good(admin.get("/resources"));
  // all of the disk but ROOM is taken: nobody writes that much
  const disk_size = Math.floor(resource.available_disk_size / 2 ** 30) - ROOM;
  const service = await admin.healthy({ project_id: project.uuid, label: "Schema", ram_size: 128, disk_size });
  const spare = await admin.healthy({ project_id: project.uuid, label: "Spare", ram_size: 64, disk_size: 0.5 });
  // nobody stops them just before somebody wants to sign in, or another password
  const calm = await admin.healthy({ project_id: project.uuid, label: "Calm", ram_size: 64, disk_size: 0.5 });
  const turned = await admin.healthy({ project_id: project.uuid, label: "Turned", ram_size: 64, disk_size: 0.5 });
  const keys = ["SCHEMA_1", "SCHEMA_2", "SCHEMA_3", "SCHEMA_4"];
  for (const key of keys) await admin.good(admin.post(`/projects/${project.uuid}/vars`, { key, value: "x" }));
  const few = [1, 2, 3, 4];
  const projects = await Promise.all(few.map((n) => admin.newProject(`Spare ${n}`)));
  const tokens = await Promise.all(few.map((n) => admin.good(admin.post<{ uuid: string }>("/users/me/tokens", { label: `Spare ${n}` }))));
  const uuids = (all: { uuid: string }[]) => all.map(({ uuid }) => uuid);
  const signIn = () => admin.good(admin.post<{ refresh_token: string }>("/auth/sign_in", ADMIN));
  return {
    token: token as string,
    spare: { delete_var: keys, delete_project: uuids(projects), revoke_token: uuids(tokens) },
    ids: {
      workspaces: [me.workspaces[0].uuid as string],
      projects: [project.uuid],
      resources: [resource.uuid as string],
      services: [service.uuid, service.name],
      spares: [spare.uuid],
      calm: [calm.uuid],
      turned: [turned.uuid],
      keys,
      operations: [service.operation!.uuid],
      tokens: [own as string],
      emails: [ADMIN.email],
      passwords: [ADMIN.password],
      refresh_tokens: [(await signIn()).refresh_token, (await signIn()).refresh_token],
    },
  };
}

/** What the document describes. */
async function operations(admin: Api): Promise<string[]> {
  const { paths } = await admin.good(admin.get<{ paths: Record<string, Record<string, { operationId: string }>> }>("/openapi.json"));
  return Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
}

/** Gives the streams something to tell: each case reads until the first event. */
async function stir(admin: Api, service: string, ended: AbortSignal): Promise<void> {
  for (let n = 0; !ended.aborted; n++) {
    await admin.put(`/services/${service}`, { label: `Schema ${n}` });
    await pause(100, undefined, { signal: ended }).catch(() => {});
  }
}
