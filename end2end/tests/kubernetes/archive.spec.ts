import { expect, test } from "../support/browser.ts";
import { Archive } from "../support/archive.ts";
import { External } from "../support/external.ts";
import { psql } from "../support/psql.ts";
import { admin } from "../support/shared.ts";
import { until } from "../support/until.ts";

interface Check {
  check: string;
  result: "pass" | "warn" | "fail";
}

/** Keeps no WAL that nobody needs for itself. */
const FORGETFUL = ["archive_mode=on", "wal_keep_size=0", "min_wal_size=32MB", "max_wal_size=32MB", "checkpoint_completion_target=0"];

test("a copy whose source has thrown its WAL away is caught up from the archive, promoted, and takes writes", async () => {
  test.setTimeout(600_000);
  const archive = await Archive.start();
  const source = await External.start("17", ...FORGETFUL, `archive_command=${archive.command}`);
  const there = source.said.url;
  const archived = (segment: string) => until(`${segment} to be archived`, () => psql(there, "select last_archived_wal from pg_stat_archiver"), (last) => last >= segment);
  try {
    await psql(there, "create role shop login password 'canary-of-a-shop'");
    await psql(there, "create table kept (n int); grant all on kept to shop; insert into kept values (1)");
    await archived(await psql(there, "select pg_walfile_name(pg_switch_wal())"));
    const project = await admin().project();
    const fields = { project_id: project.uuid, label: "A copy with an archive", postgres_version: "17", cpu_size: 1, public_access: "1", ...source.fields("password"), ...archive.fields };

    await test.step("the check reads the bucket", async () => {
      const { project_id, label, cpu_size, public_access, ...about } = fields;
      const check = async (changed: Record<string, unknown>) => {
        const checks = await admin().good(admin().post<Check[]>("/services/preflight", { ...about, ...changed }));
        return checks.find(({ check }) => check === "archive")?.result;
      };
      expect(await check({})).toBe("pass");
      expect(await check({ s3_server_name: "another" })).toBe("warn");
      expect(await check({ s3_secret_key: "wrong" })).toBe("fail");
    });

    const { name } = await admin().create(fields);
    const copy = await admin().state(name, ["healthy"], 240_000);
    const { hostname, port } = copy.connection_details!.external!;
    const here = `postgres://shop:canary-of-a-shop@${hostname}:${port}/postgres`;

    await test.step("stopped, it misses what its source throws away", async () => {
      await admin().good(admin().patch(`/services/${name}/state`, { state: "process_stop" }));
      await admin().state(name, ["stopped"], 120_000);
      const missed = await psql(there, "select pg_walfile_name(pg_current_wal_lsn())");
      for (let n = 2; n <= 6; n++) {
        await psql(there, `insert into kept values (${n})`);
        await archived(await psql(there, "select pg_walfile_name(pg_switch_wal())"));
        await psql(there, "checkpoint");
      }
      expect(await psql(there, `select count(*) from pg_ls_waldir() where name = '${missed}'`)).toBe("0");
    });

    await test.step("without its archive it stays behind, and says so", async () => {
      await archive.pause();
      await admin().good(admin().patch(`/services/${name}/state`, { state: "process_start" }));
      const degraded = await admin().state(name, ["degraded"], 120_000);
      expect(degraded.state_reason).toContain("receives nothing from its source");
      expect(await psql(here, "select max(n) from kept")).toBe("1");
    });

    await test.step("with it, it catches up, and streams", async () => {
      await archive.serve();
      await until("every row", () => psql(here, "select max(n) from kept"), (n) => n === "6", { within: 120_000 });
      await admin().state(name, ["healthy"], 120_000);
      await psql(there, "insert into kept values (7)");
      await until("the next row", () => psql(here, "select max(n) from kept"), (n) => n === "7");
    });

    await test.step("promoted, it takes writes", async () => {
      await admin().good(admin().post(`/services/${name}/promote_external`));
      const own = await until("it to be its own", () => admin().service(name), ({ state, role }) => state === "healthy" && role === "primary", { within: 120_000 });
      expect(await psql(own.connection_details!.external!.external_connection_url!, "create table ours (n int); insert into ours values (1) returning n")).toBe("1");
      expect(await psql(here, "insert into kept values (8) returning n")).toBe("8");
    });
    await admin().remove(name);
  } finally {
    await source.end();
    await archive.end();
  }
});
