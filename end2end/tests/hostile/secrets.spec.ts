import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "@playwright/test";
import { type Answer } from "../support/api.ts";
import { binary } from "../support/binary.ts";
import { ADMIN, Console } from "../support/console.ts";
import { metadata } from "../support/metadata.ts";
import { parent } from "../support/procs.ts";
import { psql } from "../support/psql.ts";
import { admin, shared, user } from "../support/shared.ts";
import { type Service, details } from "../support/types.ts";
import { ask, call, own } from "./ask.ts";
import { rows } from "./proof.ts";

test.describe.configure({ timeout: 180_000 });

test.describe("H31", () => {
  let service: Service;
  let project: string;

  test.beforeAll(async () => {
    project = (await admin().newProject(`Unwritten ${process.pid}`)).uuid;
    service = await admin().healthy({ project_id: project, label: "Unwritten", ram_size: 128 });
  });

  test.afterAll(async () => {
    await admin().remove(service.uuid);
    await admin().good(admin().delete(`/projects/${project}`));
  });

  /** While this runs, no line of these actions (all, where none is named) can be written to the audit log. */
  async function unwritten(actions: string[], run: () => Promise<void>): Promise<void> {
    const those = actions.length ? `when (new.action in (${actions.map((action) => `'${action}'`).join()}))` : "";
    await metadata(`
      create or replace function hostile_no_audit() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$;
      create trigger hostile_no_audit before insert on audit for each row ${those} execute function hostile_no_audit()`);
    try {
      await run();
    } finally {
      await metadata("drop trigger hostile_no_audit on audit; drop function hostile_no_audit");
    }
  }

  /** Failed, in the contract's words, with nothing of the secret and nothing of our inside. */
  function withheld({ status, text }: { status: number; text: string }, what: string): void {
    expect([500, 503], `${what}: ${text.slice(0, 300)}`).toContain(status);
    const { password } = details(service);
    for (const secret of [password, encodeURIComponent(password), "postgres://", "PGPASSWORD", "the disk is full", "hostile_no_audit"]) expect(text, what).not.toContain(secret);
  }

  test("H31 no audit, no secret: every way to a password fails where its line can't be written", async () => {
    const key = { "idempotency-key": `h31-${process.pid}` };
    const create = { service_type: "postgres", postgres_version: "17", project_id: project, label: "Repeated", ram_size: 64 };
    const repeated = await admin().with(key).create(create);
    const support = await user(`h31s-${process.pid}@example.com`, "support");
    const member = await user(`h31m-${process.pid}@example.com`, "member");
    const lines = async () => (await rows<{ many: number }>("select count(*) as many from audit"))[0]!.many;
    const before = await lines();
    await unwritten(["service.reveal", "service.create_repeated", "service.create", "token.create"], async () => {
      for (const [who, api] of Object.entries({ owner: admin(), member })) {
        withheld(await api.get(`/services/${service.uuid}`), `${who} gets it`);
        withheld(await api.get(`/services/${service.name}`), `${who} gets it by name`);
        withheld(await api.post(`/services/${service.uuid}/reveal`), `${who} reveals`);
      }
      withheld(await support.post(`/services/${service.uuid}/reveal`, { reason: "Ticket" }), "support reveals");
      withheld(await call("reveal", { workspace: "main", id: service.name, why: {} }), "the page reveals");
      withheld(await admin().with(key).post("/services", create), "a create is repeated");
      const first = await admin().post("/services", { ...create, label: "Never" });
      expect([first.status, first.text], "a create").toEqual([500, expect.not.stringMatching(/postgres:\/\/|PGPASSWORD/)]);
      const token = await admin().post("/users/me/tokens", { label: "Never", expires_in_days: 1 });
      expect([token.status, Object.keys(token.body).sort()], "a token").toEqual([500, ["error", "fields", "request_id"]]);

      // what shows no secret goes on
      const seen = await support.get<Service>(`/services/${service.uuid}`);
      expect([seen.status, seen.body.connection_details?.internal.password]).toEqual([200, null]);
      const page = await ask("GET", `/w/main/services/${service.name}`, { headers: own({ accept: "text/html" }) });
      expect([page.status, page.text.includes(details(service).password)]).toEqual([200, false]);
      const list = await admin().get<Service[]>(`/services?project_id=${project}`);
      expect(list.body.map(({ label }) => label).sort()).toEqual(["Repeated", "Unwritten"]);
    });
    expect(await lines()).toBe(before);
    expect((await admin().get("/users/me/tokens?limit=200")).text).not.toContain('"Never"');
    // and with the log there again, the answer is there and so is its line
    const shown = await support.post(`/services/${service.uuid}/reveal`, { reason: "Ticket 31" });
    expect([shown.status, shown.body.internal.password]).toEqual([200, details(service).password]);
    const [line] = await rows(`select email, action, entity_id, entity, reason from audit where entity_id = '${service.uuid}' order by id desc limit 1`);
    expect(line).toEqual({ email: `h31s-${process.pid}@example.com`, action: "service.reveal", entity_id: service.uuid, entity: service.name, reason: "Ticket 31" });
    await admin().remove(repeated.uuid);
  });

  test("H31 what is told by nobody isn't done: every change fails whole where its line can't be written", async () => {
    const other = await admin().newProject(`Unwritten too ${process.pid}`);
    await admin().good(admin().post(`/projects/${project}/vars`, { key: "KEPT", value: "kept" }));
    const token = await admin().good(admin().post<{ uuid: string }>("/users/me/tokens", { label: "Kept", expires_in_days: 1 }));
    const stands = () =>
      rows(
        // of a task the wish alone: when it is looked at next changes by itself
        ["services", "projects", "vars", "(select service_id, generation from tasks)", "signals", "operations", "operation_steps", "events", "idempotency_keys", "audit"]
          .map((table) => `select '${table}' as what, md5(string_agg(t::text, ' ' order by t::text)) as stands from ${table} t`)
          .join(" union all ") + " union all select 'tokens', string_agg(id::text || label, ' ' order by id) from tokens where kind = 'personal'",
      );
    const at = `/services/${service.uuid}`;
    const changes: [string, () => Promise<Answer>][] = [
      ["create", () => admin().with({ "idempotency-key": "h31-again" }).post("/services", { service_type: "postgres", postgres_version: "17", project_id: project, label: "Never", ram_size: 64 })],
      ["rename", () => admin().put(at, { label: "Never" })],
      ["resize", () => admin().put(at, { ram_size: 256 })],
      ["move", () => admin().put(at, { project_id: other.uuid })],
      ["stop", () => admin().patch(`${at}/state`, { state: "process_stop" })],
      ["restart", () => admin().patch(`${at}/state`, { state: "process_restart" })],
      ["delete", () => admin().delete(at)],
      ["create a project", () => admin().post("/projects", { name: "Never" })],
      ["rename a project", () => admin().put(`/projects/${project}`, { name: "Never" })],
      ["delete a project", () => admin().delete(`/projects/${other.uuid}`)],
      ["create a variable", () => admin().post(`/projects/${project}/vars`, { key: "NEVER", value: "x" })],
      ["change a variable", () => admin().put(`/projects/${project}/vars`, { key: "KEPT", value: "never" })],
      ["delete a variable", () => admin().delete(`/projects/${project}/vars?key=KEPT`)],
      ["make a token", () => admin().post("/users/me/tokens", { label: "Never", expires_in_days: 1 })],
      ["revoke a token", () => admin().delete(`/users/me/tokens/${token.uuid}`)],
    ];
    // the service is at rest: nothing writes beside us
    await admin().ended(service.operation!.uuid);
    const before = await stands();
    await unwritten([], async () => {
      for (const [what, change] of changes) {
        const answer = await change();
        expect([answer.status, answer.text], what).toEqual([500, expect.not.stringContaining("disk is full")]);
      }
    });
    expect(await stands()).toEqual(before);
    await admin().good(admin().delete(`/projects/${other.uuid}`));
    await admin().good(admin().delete(`/users/me/tokens/${token.uuid}`));
    await admin().good(admin().delete(`/projects/${project}/vars?key=KEPT`));
  });
});

interface Seen {
  command: string;
  environment: string;
  /** Of PostgreSQL's initdb, or started by it. */
  byInitdb: boolean;
}

/** Every process that came of a console at some time, with all that its neighbours can read of it. */
class Watch {
  /** Those that live now, and how often they were looked at. */
  private readonly living = new Map<string, { looks: number; of?: { byInitdb: boolean } }>();
  private readonly found = new Map<string, Seen>();
  private readonly timer = setInterval(() => this.look(), 4);
  looks = 0;

  private look(): void {
    this.looks += 1;
    const there = new Set(readdirSync("/proc").filter((name) => /^\d+$/.test(name)));
    for (const pid of this.living.keys()) if (!there.has(pid)) this.living.delete(pid);
    for (const pid of there) {
      const known = this.living.get(pid) ?? { looks: 0 };
      this.living.set(pid, known);
      known.looks += 1;
      // one that was just born becomes another program, and a server's titles change: looked at again, less and less often
      if (known.looks > 8 && known.looks % 50 !== Number(pid) % 50) continue;
      const command = read(pid, "cmdline");
      const by = this.living.get(String(parent(Number(pid))))?.of;
      if (!command || !(known.of || by || command.startsWith(`${binary()} serve`))) continue;
      known.of = { byInitdb: (by?.byInitdb ?? false) || command.includes("/initdb ") };
      if (!this.found.has(`${pid} ${command}`)) this.found.set(`${pid} ${command}`, { command, environment: read(pid, "environ"), ...known.of });
    }
  }

  end(): Seen[] {
    clearInterval(this.timer);
    return [...this.found.values()];
  }
}

function read(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8").replaceAll("\0", " ");
  } catch {
    // another user's, or gone
    return "";
  }
}

test("H32 no process has a secret on its command line or in its environment, and PostgreSQL alone starts a shell", async () => {
  const watch = new Watch();
  const console_ = await Console.start(["17"], 8);
  try {
    const api = await console_.admin();
    const service = await api.healthy({ project_id: (await api.project()).uuid, label: "Watched", ram_size: 128, environment_variables: true });
    const { connection_url, password } = details(service);
    await api.good(api.post(`/services/${service.uuid}/test_connection`));
    await api.ended((await api.good(api.put<Service>(`/services/${service.uuid}`, { ram_size: 256 }))).operation!.uuid);
    for (const state of ["process_restart", "process_stop", "process_start"]) {
      await api.ended((await api.good(api.patch<Service>(`/services/${service.uuid}/state`, { state }))).operation!.uuid);
    }
    const added = await console_.berth(["user", "add", "h32@example.com", "--role", "viewer", "--password-stdin"], "another correct horse battery\n");
    expect(added.code, added.stderr).toBe(0);

    // whoever has a database can't read what the server's account can
    for (const sql of [`copy (select 1) to program 'cat /proc/${console_.pid}/environ'`, `select pg_read_file('/proc/${console_.pid}/environ')`, `select pg_read_file('${console_.dataDir}/key')`, `select pg_ls_dir('${console_.dataDir}')`, "create extension file_fdw", "load '/tmp/x.so'", "set role postgres"]) {
      await expect(psql(connection_url, sql), sql).rejects.toThrow(/permission denied|not allowed/);
    }
    if (process.getuid?.() === 0) expect(statSync(`/proc/${console_.pid}/environ`).uid, "read by root alone").toBe(0);

    const file = (...path: string[]) => readFileSync(join(console_.dataDir, ...path), "utf8").trim();
    const secrets = { password, superuser: file("metadata", "superuser"), key: file("key"), token: api.token!, connection_url, admin: ADMIN.password, another: "another correct horse battery" };
    for (const [what, secret] of Object.entries(secrets)) expect(secret.length, what).toBeGreaterThan(15);
    await api.remove(service.uuid);

    const family = watch.end();
    const programs = new Set(family.map(({ command }) => command.split(" ")[0]!.split("/").at(-1)!.replace(":", "")));
    console.log(`H32: ${watch.looks} looks at ${family.length} command lines of ${[...programs].join(", ")}`);
    expect([...programs]).toEqual(expect.arrayContaining([basename(binary()), "postgres", "initdb"]));
    for (const { command, environment, byInitdb } of family) {
      // no shell but PostgreSQL's own: initdb looks for its programs and for locales by popen, and the archiver runs archive_command
      if (/^(\S*\/)?(sh|bash|dash) /.test(command)) expect(byInitdb || command === "sh -c true ", command).toBe(true);
      for (const [what, secret] of Object.entries(secrets)) {
        expect(command, what).not.toContain(secret);
        // the admin of the first start comes in a console's own environment, and goes no further
        if (command.endsWith(" serve ") && what === "admin") continue;
        expect(environment.includes(secret), `${what} in the environment of ${command}`).toBe(false);
      }
      if (!command.startsWith(binary())) expect(environment, command).not.toMatch(/BERTH_|PGPASSWORD|PGPASSFILE|DATABASE_URL|TOKEN|SECRET/);
    }
  } finally {
    watch.end();
    await console_.end();
  }
});

test("H32 the account's secrets lie in files that it alone can read", async () => {
  const { dataDir } = shared();
  const { uuid } = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Closed", ram_size: 64 });
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  expect(mode(dataDir)).toBe("700");
  for (const path of ["key", "metadata/superuser"]) expect([path, mode(join(dataDir, path))]).toEqual([path, "600"]);
  const services = readdirSync(join(dataDir, "services"));
  expect(services.length).toBeGreaterThan(0);
  for (const name of services) expect([name, mode(join(dataDir, "services", name))]).toEqual([name, "700"]);
  await admin().remove(uuid);
});
