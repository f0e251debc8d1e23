import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { testCertificate } from "../support/certificates/certificate.ts";
import { edited } from "./configuration-text.ts";

export type ProxyName = "nginx" | "haproxy" | "caddy" | "apache";

/** A server behind the proxy. `host` and `port` are those of the API, `adminPort` is on the same host. */
export type Upstream = { readonly host: string; readonly port: number; readonly adminPort: number };

/** A running proxy. */
export type RunningProxy = {
  /** Its port on 127.0.0.1, with TLS, for HTTP/1.1 and HTTP/2. */
  readonly port: number;
  /** Everything that it wrote to its outputs. */
  output(): string;
  stop(): Promise<void>;
};

/** How a proxy is started with a configuration that is made for `/etc`. */
type Launch = {
  /** The file that the proxy reads, with everything that a distribution configures around the documented text. */
  readonly file: (text: string, directory: string) => string;
  readonly command: (file: string, directory: string) => readonly [program: string, ...args: string[]];
  /** Prints the version. */
  readonly version: readonly [program: string, ...args: string[]];
};

const isRoot = process.getuid?.() === 0;

const apacheModules = [
  "mpm_event",
  "authz_core",
  "unixd",
  "ssl",
  "socache_shmcb",
  "http2",
  "headers",
  "env",
  "setenvif",
  "slotmem_shm",
  "proxy",
  "proxy_http",
  "proxy_http2",
  "proxy_balancer",
  "proxy_hcheck",
  "watchdog",
  "lbmethod_byrequests",
];

const launches: Readonly<Record<ProxyName, Launch>> = {
  nginx: {
    file: (text, directory) => `${isRoot ? "user root;\n" : ""}worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
access_log off;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((use) => `${use}_temp_path ${directory}/${use};`).join("\n")}
${text}}
`,
    command: (file, directory) => ["nginx", "-p", directory, "-e", "stderr", "-c", file],
    version: ["nginx", "-v"],
  },
  haproxy: {
    file: (text) => text,
    command: (file) => ["haproxy", "-db", "-f", file],
    version: ["haproxy", "-v"],
  },
  caddy: {
    file: (text) => `{
	admin off
	auto_https disable_redirects
	skip_install_trust
}
${text}`,
    command: (file) => ["caddy", "run", "--adapter", "caddyfile", "--config", file],
    version: ["caddy", "version"],
  },
  apache: {
    file: (text, directory) => `ServerRoot "${directory}"
ServerName localhost
PidFile ${directory}/apache.pid
DefaultRuntimeDir ${directory}
ErrorLog ${directory}/error.log
LogLevel error
${apacheModules
  .map(
    (module) =>
      `<IfModule !${module}_module>\nLoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so\n</IfModule>`,
  )
  .join("\n")}
${isRoot ? "User nobody\nGroup nogroup\n" : ""}SSLSessionCache none
${text}`,
    command: (file) => ["apache2", "-DFOREGROUND", "-f", file],
    version: ["apache2", "-v"],
  },
};

/** Returns the version of an installed proxy, such as `1.22.1`; undefined if it is not installed. */
export function versionOf(name: ProxyName): string | undefined {
  const [program, ...args] = launches[name].version;
  try {
    // nginx prints it on standard error.
    const text = execFileSync("sh", ["-c", `${[program, ...args].join(" ")} 2>&1`], { encoding: "utf8" });
    return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? "unknown";
  } catch {
    return undefined;
  }
}

/**
 * Starts a proxy on a free port in a directory of its own. `text` is a configuration of docs/proxies.md, whose addresses
 * and paths are replaced by those of this machine.
 */
export async function startProxy(
  name: ProxyName,
  text: string,
  upstreams: readonly [Upstream, Upstream],
): Promise<RunningProxy> {
  const directory = await mkdtemp(join(tmpdir(), `mdps-${name}-`));
  // Proxies that are started as root give up their rights.
  chmodSync(directory, 0o755);
  const tls = join(directory, "tls");
  await mkdir(tls);
  writeFileSync(join(tls, "cert.pem"), testCertificate.cert);
  writeFileSync(join(tls, "key.pem"), testCertificate.key);
  writeFileSync(join(tls, "both.pem"), testCertificate.cert + testCertificate.key);
  const port = await freePort();
  const launch = launches[name];
  const file = join(directory, `${name}.conf`);
  writeFileSync(file, launch.file(onThisMachine(text, { name, port, tls, upstreams }), directory));
  const [program, ...args] = launch.command(file, directory);
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
  });
  // The proxy must not outlive this process.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const log = join(directory, "error.log");
  const proxy: RunningProxy = {
    port,
    output: () => output + (existsSync(log) ? readFileSync(log, "utf8") : ""),
    async stop() {
      await end(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
  if (!(await accepts(port, child))) {
    const why = proxy.output();
    await proxy.stop();
    throw new Error(`${name} does not listen: ${why}`);
  }
  return proxy;
}

type Machine = {
  readonly name: ProxyName;
  readonly port: number;
  readonly tls: string;
  readonly upstreams: readonly [Upstream, Upstream];
};

function onThisMachine(text: string, { name, port, tls, upstreams: [first, second] }: Machine): string {
  const front = {
    nginx: [/listen 443/, `listen 127.0.0.1:${port}`],
    haproxy: [/bind :443/, `bind 127.0.0.1:${port}`],
    caddy: [/^mdps\.example\.com \{/m, `:${port} {\n\tbind 127.0.0.1`],
    apache: [/<VirtualHost \*:443>/, `Listen 127.0.0.1:${port}\n<VirtualHost *:${port}>`],
  } as const;
  const placed = edited(text, [
    [new RegExp(front[name][0].source, "gm"), front[name][1]],
    ["10.0.0.11:8080", `${first.host}:${first.port}`],
    ["10.0.0.12:8080", `${second.host}:${second.port}`],
    ["/etc/mdps/tls/", `${tls}/`],
  ]);
  return placed.replaceAll("9464", String(first.adminPort));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Returns whether a process accepts connections, once it does or has ended. */
async function accepts(port: number, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, "127.0.0.1");
    const opened = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (opened) {
      return true;
    }
    await setTimeout(20);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const force = globalThis.setTimeout(() => child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(force);
  }
}
