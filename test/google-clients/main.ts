/**
 * npm run test:all -- --project google-clients: Google's client libraries call a server that they know only by its Discovery document,
 * with key files as `mdps service-account create` writes them: the examples of docs/google-clients.md as they stand, and
 * push.py. Python's packages go to a temporary folder.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "..", "..");
const program = join(root, "src", "cli", "main.ts");
const requirements = join(import.meta.dirname, "requirements.txt");
const tests = join(import.meta.dirname, "push.py");
const guide = readFileSync(join(root, "docs", "google-clients.md"), "utf8");

const tooOld = 10;
const check = `import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else ${tooOld})`;

const place = mkdtempSync(join(tmpdir(), "mdps-google-clients-"));
const data = ["--data", join(place, "data")];
const server = spawn(process.execPath, [program, "serve", "--port", "0", ...data], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const url = await urlOf(server);
  await writeKey("key.json", url);
  await writeKey("node-key.json", url, "--universe-domain", "mdps.internal");
  await writeKey("reading-key.json", url, "--access", "both");
  await testNode(url);
  const missing = missingPython();
  if (missing === undefined) {
    await testPython(url);
  } else {
    console.log(`skipped: google-api-python-client: ${missing}`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  if (server.exitCode === null) {
    server.kill();
    await once(server, "exit");
  }
  rmSync(place, { recursive: true, force: true });
}

async function testNode(url: string): Promise<void> {
  symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
  writeFileSync(join(place, "push.mjs"), snippet("push.js"));
  await run(process.execPath, ["push.mjs"], { MDPS_URL: url });
  console.log("ok: googleapis-common: the example for Node");
}

async function testPython(url: string): Promise<void> {
  await run("python3", ["-m", "venv", "venv"]);
  const python = join(place, "venv", "bin", "python");
  const pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--requirement"];
  await run(python, [...pip, requirements]);
  writeFileSync(join(place, "push.py"), snippet("push.py"));
  const pushed = await run(python, ["push.py"], { MDPS_URL: url });
  // The example prints a refusal as well.
  if (!pushed.startsWith("operators/65001/planStatuses/")) {
    throw new Error("the example for Python failed");
  }
  console.log("ok: google-api-python-client: the example for Python");
  await run(python, [tests], { MDPS_URL: url, MDPS_KEY_FILE: join(place, "reading-key.json") });
}

/** Says what keeps Python's tests from running here. */
function missingPython(): string | undefined {
  const { status, error } = spawnSync("python3", ["-c", check], { stdio: "ignore" });
  if (error !== undefined) {
    return "python3 is not installed";
  }
  if (status === 0) {
    return undefined;
  }
  return status === tooOld ? "python3 is older than 3.10" : "python3 has no venv";
}

/** An example of the guide, as it stands. */
function snippet(name: string): string {
  const code = new RegExp(`<!-- snippet: ${name} -->\n\`\`\`\\w+\n([\\s\\S]*?\n)\`\`\``).exec(guide)?.[1];
  if (code === undefined) {
    throw new Error(`docs/google-clients.md has no example ${name}`);
  }
  return code;
}

async function writeKey(file: string, url: string, ...flags: string[]): Promise<void> {
  const account = ["--operator", "65001", "--name", file.split(".")[0] ?? ""];
  const args = [program, "service-account", "create", ...account, "--url", url, ...flags, ...data];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  writeFileSync(join(place, file), stdout, { mode: 0o600 });
}

/** Runs a program to its end and shows and returns what it prints; rejects if it fails. */
async function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(command, args, {
    cwd: place,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
    process.stdout.write(chunk);
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
  }
  return printed;
}

/** The URL that a server prints when it listens. */
function urlOf(from: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    from.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const url = /listens on (\S+),/.exec(text)?.[1];
      if (url !== undefined) {
        resolve(url);
      }
    });
    from.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
  });
}
