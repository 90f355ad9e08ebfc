import { expect, test } from "@playwright/test";
import { Console } from "../support/console.ts";
import { Disk } from "../support/disk.ts";
import { psql } from "../support/psql.ts";
import { details } from "../support/types.ts";
import { until } from "../support/until.ts";

const DISK_MIB = 4 * 1024;
/** Creates that are tried on a full disk: their rows are more than the log that is there already takes. */
const TRIES = 400;
const CLIENTS = 8;
/** No answer may take longer, good or not. */
const PATIENCE = 15_000;
/** How long everything may take to be there again. */
const BACK = 60_000;

test("a full disk is said, ends nothing for good, and loses nothing that was acknowledged", async () => {
  test.setTimeout(600_000);
  const disk = await Disk.make(DISK_MIB);
  let console_: Console | undefined;
  try {
    console_ = await Console.start(["17"], 1_000, { dataDir: disk.path });
    const admin = await console_.admin();
    const project_id = (await admin.project()).uuid;
    const kept = await admin.healthy({ project_id, label: "Kept", ram_size: 64, disk_size: 0.5 });
    await psql(details(kept).connection_url, "create table kept as select 'word' as word");

    await disk.fill();
    const acknowledged = new Set<string>([kept.uuid]);
    const refused = new Map<string, number>();
    let tries = 0;
    const client = async () => {
      while (tries < TRIES && (refused.get("503") ?? 0) < CLIENTS) {
        tries += 1;
        // nobody starts it: no more than its rows
        const body = { service_type: "postgres", postgres_version: "17", project_id, label: "Tried", ram_size: 64, disk_size: 0.5 };
        const answer = await within(admin.post("/services", body));
        if (answer.status === 201) {
          const uuid = answer.body.uuid as string;
          acknowledged.add(uuid);
          const { status } = await within(admin.delete(`/services/${uuid}`));
          if (status < 300) acknowledged.delete(uuid);
          continue;
        }
        refused.set(`${answer.status}`, (refused.get(`${answer.status}`) ?? 0) + 1);
        expect(answer.body.error ?? answer.body.errors, answer.text).toMatch(/\w/);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    console.log(`on a full disk: ${tries} creates, ${acknowledged.size - 1} kept, refused ${JSON.stringify([...refused])}`);
    expect([...refused.keys()].filter((status) => !["422", "503"].includes(status)), "other answers").toEqual([]);
    expect(refused.get("503"), "the store was never full").toBeGreaterThan(0);
    expect((await within(fetch(`${console_.url}/healthz`))).status).toBe(200);

    disk.empty();
    const url = console_.url;
    await until("the console to be ready", () => fetch(`${url}/readyz`), ({ status }) => status === 200, { within: BACK });
    for (const uuid of acknowledged) await admin.state(uuid, ["healthy"], BACK);
    expect(await psql(details(kept).connection_url, "select word from kept")).toBe("word");
    // what was answered by 503 may be there all the same, and take its part of this small disk
    for (const uuid of acknowledged) if (uuid !== kept.uuid) await admin.remove(uuid);
    const more = await admin.healthy({ project_id, label: "More", ram_size: 64, disk_size: 0.5 });
    await admin.remove(more.uuid);
  } catch (error) {
    console.log(console_?.log(80));
    throw error;
  } finally {
    try {
      await console_?.end();
    } finally {
      await disk.end();
    }
  }
});

function within<T>(answer: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, fail) => setTimeout(fail, PATIENCE, new Error("no answer in time")).unref());
  return Promise.race([answer, late]);
}
