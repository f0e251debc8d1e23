import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A PostgreSQL server with its own data directory, on 127.0.0.1. */
export type PostgresServer = {
  readonly port: number;
  /** URL of its one database, for the superuser. */
  readonly url: string;
  /** Kills all its processes with SIGKILL; none is running when this resolves. */
  kill(): Promise<void>;
  /** Starts it again on the same port, and resolves when it takes connections. */
  start(): Promise<void>;
  /** Writes a file into the data directory, as the server's user. */
  write(name: string, content: string): void;
  /** Stops it at once, if it runs, and removes its data. */
  remove(): Promise<void>;
};

/** Password of the superuser, with characters that must be escaped in a URL. */
export const superuserPassword = "pass/word@secret";

/** Returns why no server can be started here, or undefined if one can. */
export function whyNoPostgres(): string | undefined {
  const bin = findBinaries();
  if (!bin) {
    return "PostgreSQL's initdb is neither in PATH nor under /usr/lib/postgresql";
  }
  const version = execFileSync(join(bin, "postgres"), ["--version"], { encoding: "utf8" }).trim();
  if (Number.parseInt(/\d+/.exec(version)?.[0] ?? "", 10) < 15) {
    return `${version} is too old`;
  }
  if (process.getuid?.() === 0 && !unprivileged()) {
    return "root, but no other user to run PostgreSQL as";
  }
  return undefined;
}

/** Creates a cluster, starts its server on a free port and resolves when it takes connections. */
export async function startPostgresServer(): Promise<PostgresServer> {
  const bin = findBinaries() as string;
  const user = process.getuid?.() === 0 ? unprivileged() : undefined;
  const directory = mkdtempSync(join(tmpdir(), "postgres-"));
  const passwordFile = join(directory, "password");
  const dataDirectory = join(directory, "data");
  const env = { PATH: process.env.PATH, LC_ALL: "C" };
  writeFileSync(passwordFile, superuserPassword);
  if (user) {
    for (const path of [directory, passwordFile]) {
      chownSync(path, user.uid, user.gid);
    }
  }
  const init = ["-D", dataDirectory, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", passwordFile];
  execFileSync(join(bin, "initdb"), [...init, "-E", "UTF8", "--no-sync"], {
    ...user,
    env,
    cwd: directory,
    stdio: "pipe",
  });
  const port = await freePort();
  let running: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories="];
    const server = spawn(
      join(bin, "postgres"),
      ["-D", dataDirectory, ...settings.flatMap((setting) => ["-c", setting])],
      { ...user, env, cwd: directory, stdio: ["ignore", "ignore", "pipe"] },
    );
    running = server;
    process.once("exit", () => server.kill("SIGKILL"));
    let log = "";
    await new Promise<void>((resolve, reject) => {
      server.stderr.on("data", (text) => {
        log += text;
        if (/database system is ready to accept (read-only )?connections/.test(log)) {
          resolve();
        }
      });
      server.on("error", reject);
      server.on("exit", () => reject(new Error(`PostgreSQL ended:\n${log}`)));
    });
    // Only read from here on, so that the pipe never fills.
    server.stderr.removeAllListeners("data").resume();
  }

  async function kill(): Promise<void> {
    if (!running || running.exitCode !== null || running.signalCode !== null) {
      return;
    }
    const ended = once(running, "exit");
    // Stopped first, because it could start another process after the list was read.
    running.kill("SIGSTOP");
    const children = childrenOf(running.pid as number);
    for (const pid of children) {
      signal(pid, "SIGKILL");
    }
    running.kill("SIGKILL");
    await ended;
    // A new server does not start while a process of the old one is alive.
    while (children.some((pid) => signal(pid, 0))) {
      await new Promise(setImmediate);
    }
  }

  await start();
  return {
    port,
    url: `postgres://postgres:${encodeURIComponent(superuserPassword)}@127.0.0.1:${port}/postgres`,
    kill,
    start,
    write(name, content) {
      const path = join(dataDirectory, name);
      // The server rejects a private key that others can read.
      writeFileSync(path, content, { mode: 0o600 });
      if (user) {
        chownSync(path, user.uid, user.gid);
      }
    },
    async remove() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function childrenOf(pid: number): number[] {
  const listed = existsSync(`/proc/${pid}`)
    ? readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    : spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout;
  return listed.split(/\s/).filter(Boolean).map(Number);
}

/** Returns whether the process exists and was signalled. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Returns the directory with the programs of the newest PostgreSQL. */
function findBinaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  return places.find((place) => existsSync(join(place, "initdb")) && existsSync(join(place, "postgres")));
}

/** Returns a user that may run PostgreSQL, which does not run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((what) =>
      Number.parseInt(spawnSync("id", [what, name], { encoding: "utf8" }).stdout, 10),
    );
    if (uid && gid) {
      return { uid, gid };
    }
  }
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
