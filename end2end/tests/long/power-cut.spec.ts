import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import { type Api } from "../support/api.ts";
import { Console } from "../support/console.ts";
import { Disk } from "../support/disk.ts";
import { metadata } from "../support/metadata.ts";
import { postmasters } from "../support/procs.ts";
import { psql } from "../support/psql.ts";
import { type Service, details } from "../support/types.ts";
import { until } from "../support/until.ts";

const CUTS = Number(process.env["BERTH_CUTS"] ?? 20);
const CLIENTS = 8;
/** Services that are left alone once they are healthy; each more makes an older one go. */
const KEPT = 6;
/** The next cut comes within so many milliseconds: soon, before anything is done, or when much has been. */
const WITHIN = 5_000;
/** Sparse: the disk sizes of services are counted against it. */
const DISK_MIB = 64 * 1024;
/** How long everything may take to be there again. */
const BACK = 120_000;

/** What a client was told, and so what has to be true for ever. */
interface Told {
  uuid: string;
  name: string;
  url: string;
  healthy: boolean;
  /** A row of its own was committed in it. */
  wrote: boolean;
  /** Asked for is not yet promised: such a service may be there or not. */
  deletion: "none" | "asked" | "promised";
}

test(`${CUTS} power cuts under ${CLIENTS} clients that create: nothing acknowledged is lost, nothing is half written`, async () => {
  test.setTimeout(60_000 + CUTS * 180_000);
  const disk = await Disk.make(DISK_MIB);
  let console_: Console | undefined;
  try {
    console_ = await Console.start(["17"], 100, { dataDir: disk.path });
    const signedIn = await console_.admin();
    const { token } = await signedIn.good<{ token: string }>(signedIn.post("/users/me/tokens", { label: "power" }));
    const admin = console_.api().with({ authorization: `Bearer ${token}` });
    const project_id = (await admin.project()).uuid;
    const told = new Map<string, Told>();
    const sum: Record<string, number> = {};

    for (let cut = 1; cut <= CUTS; cut++) {
      const work = new Work(admin, project_id, told);
      const clients = Promise.all(Array.from({ length: CLIENTS }, () => work.client()));
      const after = Math.round(Math.random() * WITHIN);
      // a client that fails before the cut ends the test
      await Promise.race([clients, pause(after)]);
      work.cut = true;
      await console_.freeze();
      await disk.cut();
      await console_.powerOff();
      await clients;
      await disk.boot();

      const since = new Date();
      const ready = await console_.up();
      const { healthy, unknown } = await settled(admin, told, since);
      await whole(console_.dataDir, healthy);
      const back = Date.now() - since.getTime();
      const promises = [...told.values()];
      const now = {
        acknowledged: work.acknowledged,
        deleted: work.deleted,
        kept: promises.filter(({ deletion }) => deletion === "none").length,
        started: promises.filter(({ healthy, deletion }) => healthy && deletion === "none").length,
        rows: promises.filter(({ wrote, deletion }) => wrote && deletion === "none").length,
        unanswered: unknown + promises.filter(({ deletion }) => deletion === "asked").length,
      };
      for (const [key, many] of Object.entries(now)) sum[key] = (sum[key] ?? 0) + many;
      console.log(`cut ${cut} after ${after} ms: ${JSON.stringify(now)}; ready ${ready} ms, all well ${back} ms after the boot`);
      told.clear();
      for (const service of healthy) told.set(service.uuid, known(service));
      await Promise.all([...told.values()].map(write));
    }
    console.log(`${CUTS} cuts: ${JSON.stringify(sum)}`);
    // a run in which nothing was at stake proves nothing
    for (const key of ["acknowledged", "deleted", "kept", "started", "rows"]) expect(sum[key], key).toBeGreaterThan(CUTS / 2);
  } finally {
    try {
      await console_?.end();
    } finally {
      await disk.end();
    }
  }
});

/** What the clients do between two cuts. */
class Work {
  cut = false;
  acknowledged = 0;
  deleted = 0;

  constructor(
    private readonly admin: Api,
    private readonly project_id: string,
    private readonly told: Map<string, Told>,
  ) {}

  /** Creates, waits, writes, deletes, over and over. What fails before the cut is a failure. */
  async client(): Promise<void> {
    while (!this.cut) {
      await this.round().catch((error: unknown) => {
        if (!this.cut) throw error;
      });
    }
  }

  private async round(): Promise<void> {
    const old = [...this.told.values()].filter(({ wrote, deletion }) => wrote && deletion === "none");
    if (old.length > KEPT) await this.remove(old[Math.floor(Math.random() * old.length)]!);
    const made = await this.admin.create({ project_id: this.project_id, label: "Cut", ram_size: 64, disk_size: 0.5 });
    this.acknowledged += 1;
    const told = known(made);
    this.told.set(made.uuid, told);
    await until(`${made.name} to be healthy`, () => this.admin.service(made.uuid), ({ state }) => this.cut || state === "healthy", { within: 60_000 });
    if (this.cut) return;
    await write(told);
  }

  private async remove(told: Told): Promise<void> {
    told.deletion = "asked";
    await this.admin.good(this.admin.delete(`/services/${told.uuid}`));
    told.deletion = "promised";
    this.deleted += 1;
  }
}

function known(service: Service): Told {
  return { uuid: service.uuid, name: service.name, url: details(service).connection_url, healthy: false, wrote: false, deletion: "none" };
}

/** Commits a row in a service that was seen healthy, unless one is there. */
async function write(told: Told): Promise<void> {
  told.healthy = true;
  await psql(told.url, "create table if not exists kept (word text primary key)");
  await psql(told.url, `insert into kept values ('${told.uuid}') on conflict do nothing`);
  told.wrote = true;
}

/** Waits until every service is as its last promise says, and lets its credentials in; answers which are there. */
async function settled(admin: Api, told: Map<string, Told>, since: Date): Promise<{ healthy: Service[]; unknown: number }> {
  const listed = await admin.good(admin.get<Service[]>("/services?limit=200"));
  const lost = [...told.values()].filter(({ uuid, deletion }) => deletion === "none" && !listed.some((service) => service.uuid === uuid));
  expect(lost.map(({ name, uuid }) => `${name} ${uuid}`), "acknowledged services that are lost").toEqual([]);

  const healthy: Service[] = [];
  await Promise.all(
    listed.map(async ({ uuid, name }) => {
      const promise = told.get(uuid);
      const look = async () => {
        const answer = await admin.get<Service>(`/services/${uuid}`);
        return { status: answer.status, service: answer.body };
      };
      // until a new console has looked, it tells what the old one knew last
      const seen = ({ state, observed_at }: Service) => state === "healthy" && observed_at !== null && new Date(observed_at) > since;
      const good = ({ status, service }: { status: number; service: Service }) => (status === 200 ? seen(service) : status === 404);
      const { status, service } = await until(`${name} to be healthy or gone`, look, good, { within: BACK });
      if (status === 404) expect(promise?.deletion, `${name} is gone: somebody asked for that`).not.toBe("none");
      else expect(promise?.deletion, `${name} is there: its deletion wasn't promised`).not.toBe("promised");
      if (status === 404) return;
      healthy.push(service);
      const url = promise?.url ?? details(service).connection_url;
      const word = await psql(url, promise?.wrote ? "select word from kept" : "select 1");
      expect(word, `${name} has what was committed in it`).toBe(promise?.wrote ? uuid : "1");
    }),
  );
  return { healthy, unknown: listed.filter(({ uuid }) => !told.has(uuid)).length };
}

/** Statements that answer with nothing where all is whole. */
const HALVES = {
  "services without what was seen of them": "select name from services s where not exists (select from observations where service_id = s.id)",
  "services without a task": "select name from services s where not exists (select from tasks where service_id = s.id)",
  "services without the operation that made them":
    "select name from services s where (select count(*) from operations where service_id = s.id and kind = 'create') <> 1",
  "services without port or password": "select name from services where port is null or sealed_password is null",
  "services without a line in the audit":
    "select name from services s where not exists (select from audit where entity_id = s.id and action = 'service.create')",
  "operations without steps": "select kind from operations o where not exists (select from operation_steps where operation_id = o.id)",
  "operations that don't end": "select kind from operations where finished_at is null",
  "steps that were left out": `select key from operation_steps s join operations o on o.id = s.operation_id
    where o.state = 'succeeded' and s.state <> 'succeeded'`,
};

/** The rows of each service belong together, and so do rows, directories and processes. */
async function whole(dataDir: string, services: Service[]): Promise<void> {
  for (const [what, statement] of Object.entries(HALVES)) {
    await until(what, () => metadata(statement, dataDir), (rows) => rows === "", { within: 10_000 });
  }
  const names = services.map(({ name }) => name).sort();
  // what was being deleted goes to the end
  await until("no directory without its service", () => readdirSync(`${dataDir}/services`).sort(), (dirs) => same(dirs, names), { within: BACK });
  const running = () => postmasters(`${dataDir}/services`).map(({ command }) => /\/services\/([^/]+)\//.exec(command)?.[1] ?? command).sort();
  expect(running(), "one server for each service").toEqual(names);
}

function same(one: string[], other: string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
