import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, rmdirSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./binary.ts";
import { until } from "./until.ts";

const MIB = 1024 * 1024;
/** Its file is in memory: what the disk has is what the loop device was given, and a sync costs nothing but the way there. */
const MEMORY = "/dev/shm";
/** What the disk and the copy of it take there at most. */
const ROOM_MIB = 4 * 1024;
const PROGRAMS = ["mkfs.ext4", "e2fsck", "losetup", "mount", "umount", "mountpoint", "ipcrm"];
/** Found what is usual behind a power cut, and mended it. */
const MENDED = 1;

/** An ext4 file system in a file, whose power can be cut: what the kernel hasn't written by then is lost. */
export class Disk {
  private constructor(private readonly dir: string) {}

  /** Where it is mounted. */
  get path(): string {
    return join(this.dir, "disk");
  }

  static async make(mib: number): Promise<Disk> {
    const missing = await lacking();
    if (missing.length > 0) throw new Error(`A power cut needs ${missing.join(", ")}`);
    const dir = realpathSync(mkdtempSync(join(MEMORY, "berth-disk-")));
    chmodSync(dir, 0o711);
    const disk = new Disk(dir);
    try {
      mkdirSync(disk.path);
      writeFileSync(disk.image, "");
      truncateSync(disk.image, mib * MIB);
      await must("mkfs.ext4", ["-q", "-N", "200000", "-E", "lazy_itable_init=0", disk.image]);
      await disk.mount();
      rmdirSync(join(disk.path, "lost+found"));
    } catch (error) {
      await disk.end();
      throw error;
    }
    return disk;
  }

  /**
   * Copies what has reached the disk at this moment. Whoever writes on it has to be stopped before: then the kernel may still
   * write data out, as it might have a moment earlier, but nobody asks it to commit.
   */
  async cut(): Promise<void> {
    await must("cp", ["--sparse=always", this.image, this.copy]);
  }

  /** Puts the copy into the place of the disk, as a machine does that boots: checked, mended, mounted. */
  async boot(): Promise<void> {
    await this.unmount();
    renameSync(this.copy, this.image);
    const checked = await run("e2fsck", ["-f", "-p", this.image]);
    if ((checked.code ?? 99) > MENDED) throw new Error(`the copy is no file system that a power cut leaves: ${checked.stdout}${checked.stderr}`);
    await this.mount();
  }

  async end(): Promise<void> {
    if (existsSync(this.path) && (await run("mountpoint", ["-q", this.path])).code === 0) await this.unmount();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A long interval of commits: only what somebody synced is certain to be there, and none falls into a copy. */
  private async mount(): Promise<void> {
    await must("mount", ["-o", "loop,discard,commit=600", this.image, this.path]);
  }

  /** Who was killed just now may hold something of it a moment longer. */
  private async unmount(): Promise<void> {
    await until(`${this.path} to be unmounted`, () => run("umount", [this.path]), ({ code }) => code === 0, { within: 10_000 });
  }

  private get image(): string {
    return join(this.dir, "image");
  }

  private get copy(): string {
    return join(this.dir, "copy");
  }
}

/** What this machine lacks for such a disk, in words. */
async function lacking(): Promise<string[]> {
  const missing = process.getuid?.() === 0 ? [] : ["root"];
  for (const program of PROGRAMS) {
    const found = await run("sh", ["-c", 'command -v "$1"', "sh", program]);
    if (found.code !== 0) missing.push(`the program ${program}`);
  }
  if (!existsSync("/dev/loop-control")) missing.push("loop devices (/dev/loop-control)");
  const memory = existsSync(MEMORY) ? statfsSync(MEMORY) : undefined;
  if (!memory || memory.bavail * memory.bsize < ROOM_MIB * MIB) missing.push(`${ROOM_MIB} MiB free in ${MEMORY}`);
  return missing;
}

async function must(program: string, args: string[]): Promise<void> {
  const ran = await run(program, args);
  if (ran.code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${ran.code}: ${ran.stderr}`);
}
