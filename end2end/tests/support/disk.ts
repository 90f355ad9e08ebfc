import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, rmdirSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { must, run } from "./binary.ts";
import { until } from "./until.ts";

const MIB = 1024 * 1024;
/** Its file is in memory: what the disk has is what the loop device was given, and a sync costs nothing but the way there. */
const MEMORY = "/dev/shm";
/** What the disk and the copy of it take there at most. */
const ROOM_MIB = 4 * 1024;
const PROGRAMS = ["mkfs.ext4", "e2fsck", "losetup", "mount", "umount", "fstrim", "ipcrm"];
/** Found what is usual behind a power cut, and mended it. */
const MENDED = 1;

/** An ext4 file system in a file, whose power can be cut: what the kernel hasn't written by then is lost. */
export class Disk {
  /** The loop device that it is mounted from. */
  private device: string | undefined;

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
   * Copies what has reached the disk at one moment. Whoever writes on it has to be stopped before: then nobody asks the kernel
   * to write, but it still may by itself. A copy during which it did mixes what was before with what was after (a journal that
   * has been emptied with the blocks that it was for), as no power cut does: such a copy is made again.
   */
  async cut(): Promise<void> {
    const copied = async () => {
      const before = this.writes();
      await must("cp", ["--sparse=always", this.image, this.copy]);
      return before !== undefined && before === this.writes();
    };
    await until("the kernel to write nothing while its disk is copied", copied, (still) => still, { within: 60_000 });
  }

  /** Puts the copy into the place of the disk, as a machine does that boots: checked, mended, mounted. */
  async boot(): Promise<void> {
    await this.unmount();
    renameSync(this.copy, this.image);
    const checked = await run("e2fsck", ["-f", "-p", this.image]);
    if ((checked.code ?? 99) > MENDED) throw new Error(`the copy is no file system that a power cut leaves: ${checked.stdout}${checked.stderr}`);
    await this.mount();
    // what was deleted takes no memory
    await must("fstrim", [this.path]);
  }

  /** Takes all the room that is left, for root's own, too, until it is given back. */
  async fill(): Promise<void> {
    const { code, stderr } = await run("dd", ["if=/dev/zero", `of=${this.ballast}`, "bs=64K", "conv=fsync"]);
    if (code === 0 || !stderr.includes("No space left")) throw new Error(`the disk isn't full: ${stderr}`);
  }

  /** Gives back what was filled. */
  empty(): void {
    rmSync(this.ballast, { force: true });
  }

  async end(): Promise<void> {
    await this.unmount();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A long interval of commits: what nobody synced is lost as a rule. */
  private async mount(): Promise<void> {
    const device = (await must("losetup", ["--find", "--show", this.image])).trim();
    this.device = device;
    await must("mount", ["-o", "commit=600", device, this.path]).catch(async (error: unknown) => {
      await this.detach(device);
      throw error;
    });
  }

  /** Who was killed just now may hold something of it a moment longer. */
  private async unmount(): Promise<void> {
    const { device } = this;
    if (device === undefined) return;
    await until(`${this.path} to be unmounted`, () => run("umount", [this.path]), ({ code }) => code === 0, { within: 10_000 });
    await this.detach(device);
  }

  private async detach(device: string): Promise<void> {
    await must("losetup", ["--detach", device]);
    this.device = undefined;
  }

  /** What the device has been given since it is there, or nothing while something is on its way (kernel: block/stat.rst). */
  private writes(): string | undefined {
    const fields = readFileSync(`/sys/block/${basename(this.device!)}/stat`, "utf8").trim().split(/\s+/);
    const [written, inFlight, discarded, flushed] = [4, 8, 11, 15].map((at) => fields[at]);
    return inFlight === "0" ? `${written} ${discarded} ${flushed}` : undefined;
  }

  private get image(): string {
    return join(this.dir, "image");
  }

  private get ballast(): string {
    return join(this.path, "ballast");
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
