import { createServer, connect } from "node:net";

/**
 * A loopback port that nobody listens on now, below what the system hands out by itself: a console that is started again finds its port
 * free, however many connections somebody else opens meanwhile.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer().on("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });
}

/** Whether somebody listens there. */
export function listens(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host });
    const end = (open: boolean) => {
      socket.destroy();
      done(open);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

/** Those of two workers, and of the consoles that each of them shares. */
const LANES = 4;

/**
 * A range for databases, below what the system hands out by itself. Ranges of two lanes never meet; those of two runs rarely do, and Berth
 * passes taken ports over.
 */
export function databasePorts(many: number, lane = Number(process.env["TEST_PARALLEL_INDEX"] ?? 0)): string {
  const first = 20_000 + (Math.floor(Math.random() * 25) * LANES + lane) * 100;
  return `${first}-${first + many - 1}`;
}
