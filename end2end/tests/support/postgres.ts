import { spawn } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listens } from "./ports.ts";
import { shared } from "./shared.ts";
import { until } from "./until.ts";

/** A PostgreSQL server of a test's own, by the programs that the shared console has fetched. */
export class Server {
  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly stop: () => Promise<void>,
  ) {}

  /** Its superuser has a database of the same name. */
  static async start(user: string, password: string): Promise<Server> {
    const { dataDir } = shared();
    const binaries = join(dataDir, "postgres/binaries");
    const bin = join(binaries, readdirSync(binaries).find((name) => name.startsWith("17."))!, "bin");
    // PostgreSQL refuses to run as root: whoever the console runs as
    const { uid, gid } = statSync(dataDir);
    const dir = mkdtempSync(join(tmpdir(), "berth-postgres-"));
    const [data, secret] = [join(dir, "data"), join(dir, "password")];
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(secret, `${password}\n`, { mode: 0o600 });
    for (const path of [dir, data, secret]) chownSync(path, uid, gid);
    const run = (program: string, args: string[]) => spawn(join(bin, program), args, { uid, gid, cwd: dir, env: { LC_ALL: "C" }, stdio: "ignore" });
    const made = run("initdb", ["-D", data, "-U", user, `--pwfile=${secret}`, "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "-N"]);
    await new Promise<void>((done, fail) => made.on("exit", (code) => (code === 0 ? done() : fail(new Error(`initdb ended with ${code}`)))));
    const port = await freePort();
    const child = run("postgres", ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
    const ended = new Promise<void>((done) => child.on("exit", () => done()));
    const stop = async () => {
      child.kill("SIGINT");
      await ended;
    };
    await until("the server to listen", () => listens(port), (listening) => listening);
    return new Server(port, dir, stop);
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
