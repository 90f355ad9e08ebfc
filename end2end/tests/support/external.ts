import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { binary } from "./binary.ts";
import { note } from "./canary.ts";
import { MACHINE } from "./cluster.ts";

interface Said {
  /** Of its superuser. */
  url: string;
  host: string;
  port: number;
  /** Of the role `replicator`. */
  password: string;
  ca: string;
  /** Of the role `certified`. */
  certificate: string;
  key: string;
}

/** Somebody else's PostgreSQL server (server/postgres/examples/external.rs). */
export class External {
  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    readonly said: Said,
  ) {}

  static async start(major: string, ...settings: string[]): Promise<External> {
    const child = spawn(join(dirname(binary()), "examples/external"), [MACHINE, major, ...settings], { stdio: "pipe" });
    let [stdout, stderr] = ["", ""];
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const said = new Promise<void>((done) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        if (stdout.includes("\n")) done();
      });
    });
    await Promise.race([said, once(child, "close")]);
    if (!stdout.includes("\n")) throw new Error(`the external server didn't start: ${stderr}`);
    const external = new External(child, JSON.parse(stdout) as Said);
    note("the password of a replica", external.said.password);
    return external;
  }

  /** What a replica is told of it. */
  fields(auth: "password" | "tls"): Record<string, unknown> {
    const { host, port, password, ca, certificate, key } = this.said;
    const at = { creation_mode: "external_replica", external_host: host, external_port: port, auth_type: auth };
    return auth === "password"
      ? { ...at, replication_username: "replicator", replication_password: password }
      : { ...at, replication_username: "certified", ca_crt: ca, tls_crt: certificate, tls_key: key };
  }

  async end(): Promise<void> {
    const closed = once(this.child, "close");
    this.child.stdin.end();
    await closed;
  }
}
