import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, closeSync, existsSync, fstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, readdirSync, realpathSync } from "node:fs";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Api } from "./api.ts";
import { type Ran, binary, cache, must, run } from "./binary.ts";
import { databasePorts, freePort } from "./ports.ts";
import { below, ended, sharedMemory, stopped } from "./procs.ts";
import { until } from "./until.ts";

export const ADMIN = { email: "admin@example.com", password: "canary correct horse battery staple" };

/** How it ended, and how long that took. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  ms: number;
}

/** What isn't as for every other console. */
export interface Special {
  /** A data directory that is there already, and stays. */
  dataDir?: string;
  /** Environment variables; one that is undefined isn't set. */
  settings?: Record<string, string | undefined>;
  /** Of its databases' ports, where it isn't its worker's. */
  lane?: number;
  /** Told of each start, as soon as there is a process. */
  started?: (pid: number, dataDir: string) => void;
}

/** How much of a log is read for an error: at trace it grows beyond what a string can hold. */
const TAIL = 65_536;

/** A console of our own: the real binary on a private data directory and free ports. */
export class Console {
  private child: ChildProcess | undefined;

  private constructor(
    readonly dataDir: string,
    readonly port: number,
    readonly ports: string,
    private readonly special: Special,
  ) {}

  /** Makes the directory and starts the console; programs of these majors come from the cache, where it has them. */
  static async start(majors: string[] = ["17"], databases = 40, special: Special = {}): Promise<Console> {
    binary(); // without one nothing is made
    const dataDir = special.dataDir ?? realpathSync(mkdtempSync(join(tmpdir(), "berth-end2end-")));
    const console = new Console(dataDir, await freePort(), databasePorts(databases, special.lane), special);
    await console.borrow(majors);
    try {
      await console.up();
    } catch (error) {
      await console.end();
      throw error;
    }
    return console;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error("the console doesn't run");
    return this.child.pid;
  }

  api(): Api {
    return new Api(this.url);
  }

  admin(): Promise<Api> {
    return this.api().signIn(ADMIN.email, ADMIN.password);
  }

  /** Starts the program and waits until it is ready; answers in how many milliseconds it was. */
  async up(): Promise<number> {
    const began = performance.now();
    const child = this.serve();
    this.child = child;
    const look = async () => {
      if (child.exitCode !== null) throw new Error(`the console ended with ${child.exitCode}:\n${this.log()}`);
      return fetch(`${this.url}/readyz`).then(
        (answer) => answer.status,
        () => 0,
      );
    };
    await until("the console to be ready", look, (status) => status === 200, { within: 120_000, every: 20 });
    return Math.round(performance.now() - began);
  }

  /** The program with this console's settings, without waiting for it. */
  private serve(): ChildProcess {
    const log = openSync(this.logFile, "a");
    const child = spawn(binary(), ["serve"], { env: this.env(), stdio: ["ignore", log, log] });
    closeSync(log);
    if (child.pid !== undefined) this.special.started?.(child.pid, this.dataDir);
    return child;
  }

  /** Another one with the same settings, which ought to end by itself. */
  second(settings: Record<string, string> = {}): Promise<Ran> {
    return run(binary(), ["serve"], { env: { ...this.env(), ...settings } });
  }

  /** A subcommand on this console's data directory. */
  berth(args: string[], stdin?: string): Promise<Ran> {
    return run(binary(), [...args, "--data-dir", this.dataDir], { env: clean(), ...(stdin === undefined ? {} : { stdin }) });
  }

  /** Makes a user with a role and signs him in. */
  async user(email: string, role: string, password = ADMIN.password): Promise<Api> {
    const ran = await this.berth(["user", "add", email, "--role", role, "--password-stdin"], `${password}\n`);
    if (ran.code !== 0) throw new Error(ran.stderr);
    return this.api().signIn(email, password);
  }

  /** kill -9, as a machine out of memory does. */
  async kill(): Promise<void> {
    await this.signal("SIGKILL");
  }

  /** Stops the console and every server where they stand, until they are killed. The console goes first: nothing more is answered. */
  async freeze(): Promise<void> {
    process.kill(this.pid, "SIGSTOP");
    const stop = () => {
      const going = below(this.dataDir).filter(({ pid }) => !stopped(pid));
      for (const { pid } of going) send(pid, "SIGSTOP");
      return going;
    };
    // one that waits for the disk stops behind that, and one may have been born meanwhile
    await until("every process to be stopped", stop, (going) => going.length === 0, { every: 5 });
  }

  /** The whole machine goes: the console and every server at once, without a word. */
  async crash(): Promise<void> {
    const pids = below(this.dataDir).map(({ pid }) => pid);
    for (const pid of pids) send(pid, "SIGKILL");
    await until("every process to be gone", () => pids.filter((pid) => !ended(pid)), (left) => left.length === 0);
    this.child = undefined;
  }

  /** What is frozen loses its power: its shared memory is gone, too, as after a boot. */
  async powerOff(): Promise<void> {
    const memory = sharedMemory(this.dataDir);
    await this.crash();
    for (const file of memory.files) rmSync(file, { force: true });
    for (const id of memory.segments) await must("ipcrm", ["--shmem-id", id]);
  }

  async signal(signal: NodeJS.Signals): Promise<Ended> {
    const child = this.child;
    if (!child) throw new Error("the console doesn't run");
    const began = performance.now();
    const end = new Promise<Ended>((done) =>
      child.once("exit", (code, signal) => done({ code, signal, ms: Math.round(performance.now() - began) })),
    );
    child.kill(signal);
    this.child = undefined;
    return end;
  }

  /** Ends everything, proves that nothing is left, and removes the directory. */
  async end(): Promise<void> {
    const stopped = await this.berth(["stop", "--databases"]);
    const left = await until("every process to end", () => below(this.dataDir), (left) => left.length === 0, { within: 5_000 }).catch(
      () => below(this.dataDir),
    );
    for (const { pid } of left) send(pid, "SIGKILL");
    this.giveBack();
    const log = this.log();
    const bug = this.bug();
    if (!this.special.dataDir) rmSync(this.dataDir, { recursive: true, force: true });
    rmSync(this.logFile, { force: true });
    if (stopped.code !== 0) throw new Error(`berth stop ended with ${stopped.code}: ${stopped.stderr}\n${log}`);
    if (left.length > 0) throw new Error(`berth stop --databases left ${JSON.stringify(left)}\n${log}`);
    if (bug) throw new Error(`the console has panicked: ${bug}`);
  }

  /** What it says of a panic, which may have hit nobody who looked. */
  private bug(): string | undefined {
    if (!existsSync(this.logFile)) return undefined;
    const log = readFileSync(this.logFile);
    const at = log.indexOf("a bug: panicked");
    return at < 0 ? undefined : log.toString("utf8", at, at + 2_000);
  }

  /** What the console has written last. */
  log(lines = 40): string {
    const text = existsSync(this.logFile) ? tail(this.logFile) : "";
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  }

  get logFile(): string {
    return `${this.dataDir}.log`;
  }

  private get programs(): string {
    return join(this.dataDir, "postgres/binaries");
  }

  private env(): NodeJS.ProcessEnv {
    return {
      ...clean(),
      BERTH_DATA_DIR: this.dataDir,
      BERTH_LISTEN: `127.0.0.1:${this.port}`,
      BERTH_DATABASE_PORTS: this.ports,
      BERTH_ADMIN_EMAIL: ADMIN.email,
      BERTH_ADMIN_PASSWORD: ADMIN.password,
      ...this.special.settings,
    };
  }

  /** Copies programs of PostgreSQL from the cache. The mark says that the directory is Berth's although it isn't empty. */
  private async borrow(majors: string[]): Promise<void> {
    const wanted = versions(join(cache(), "binaries")).filter((version) => majors.includes(version.split(".")[0] ?? ""));
    if (wanted.length === 0) return;
    mkdirSync(this.programs, { recursive: true });
    writeFileSync(join(this.dataDir, "berth.lock"), "", { mode: 0o600 });
    for (const version of wanted) await must("cp", ["-a", "--reflink=auto", join(cache(), "binaries", version), join(this.programs, version)]);
    // what Berth fetches itself has reached the disk
    if (this.special.dataDir) await must("sync", ["-f", this.programs]);
  }

  /** Keeps what had to be fetched for the next run. */
  private giveBack(): void {
    const store = join(cache(), "binaries");
    const fetched = versions(this.programs).filter((version) => !existsSync(join(store, version)));
    if (fetched.length === 0) return;
    const { uid, gid } = statSync(this.programs);
    for (const dir of [cache(), store]) {
      if (existsSync(dir)) continue;
      mkdirSync(dir, { recursive: true });
      chownSync(dir, uid, gid);
    }
    for (const version of fetched) {
      try {
        renameSync(join(this.programs, version), join(store, version));
      } catch {
        // another file system, or another run was faster: fetched again next time
      }
    }
  }
}

/** Folders of whole programs; what is still being unpacked has a name of another form. */
function versions(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => /^\d+(\.\d+)+$/.test(name));
  } catch {
    return [];
  }
}

function tail(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8");
  } finally {
    closeSync(file);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it was faster
  }
}

/** No setting of the caller's environment reaches the console under test, nor what the tests tell each other. */
export function clean(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(BERTH|END2END)_/.test(name)));
}
