import { createServer, connect } from "node:net";

/** A loopback port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? done(address.port) : fail(new Error("no port"))));
    });
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

/** First of a range for databases, below what the system hands out by itself. Ranges of two runs rarely meet, and Berth passes taken ports over. */
export function databasePorts(many: number): string {
  const first = 20_000 + Math.floor(Math.random() * 100) * 100;
  return `${first}-${first + many - 1}`;
}
