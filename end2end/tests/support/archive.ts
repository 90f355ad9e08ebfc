import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { note } from "./canary.ts";
import { MACHINE } from "./cluster.ts";
import { freePort, listens } from "./ports.ts";
import { until } from "./until.ts";

const BUCKET = "wal";
const PATH = "shop/production";
const SERVER = "main";

/** A bucket that a source keeps its WAL in, laid out as barman-cloud-wal-archive does: an S3 server whose objects are files. */
export class Archive {
  private child: ChildProcess | undefined;
  private stderr = "";

  private constructor(
    private readonly dir: string,
    private readonly port: number,
    private readonly accessKey: string,
    private readonly secretKey: string,
  ) {}

  static async start(): Promise<Archive> {
    const dir = mkdtempSync(join(tmpdir(), "berth-archive-"));
    // written by the source's account, which is another one
    chmodSync(dir, 0o755);
    const wals = join(dir, BUCKET, PATH, SERVER, "wals");
    mkdirSync(wals, { recursive: true });
    chmodSync(wals, 0o777);
    const [accessKey, secretKey] = [randomBytes(10).toString("hex"), randomBytes(20).toString("hex")];
    note("the key of an archive", secretKey);
    const archive = new Archive(dir, await freePort(), accessKey, secretKey);
    await archive.serve();
    return archive;
  }

  /** The source's `archive_command`. */
  get command(): string {
    const at = join(this.dir, BUCKET, PATH, SERVER, "wals");
    return `d=${at}/$(echo %f | cut -c1-16) && mkdir -p $d && cp %p $d/.%f && mv $d/.%f $d/%f`;
  }

  /** What a replica is told of it. */
  get fields(): Record<string, unknown> {
    return {
      s3_enabled: "1",
      s3_endpoint: `http://${MACHINE}:${this.port}`,
      s3_bucket: BUCKET,
      s3_path: PATH,
      s3_access_key: this.accessKey,
      s3_secret_key: this.secretKey,
      s3_server_name: SERVER,
    };
  }

  /** Serves what is there, under the same keys as before. */
  async serve(): Promise<void> {
    const program = process.env["BERTH_TEST_S3"];
    if (!program) throw new Error("run by `cluster with --size node`, which names an S3 server");
    const env = { ROOT_ACCESS_KEY: this.accessKey, ROOT_SECRET_KEY: this.secretKey };
    const child = spawn(program, ["--port", `${MACHINE}:${this.port}`, "--quiet", "posix", this.dir], { env, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.child = child;
    await until("the S3 server", () => listens(this.port, MACHINE), (open) => {
      if (child.exitCode !== null) throw new Error(`the S3 server ended: ${this.stderr}`);
      return open;
    });
  }

  /** Nobody answers there any more. */
  async pause(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    const closed = once(child, "close");
    child.kill();
    await closed;
  }

  async end(): Promise<void> {
    await this.pause();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
