/**
 * npm run test:all -- --project google-clients: Google's client libraries call a server through its Discovery document,
 * with key files of `mdps service-account create`: the examples of docs/google-clients.md, and push.py. Python's packages
 * are installed in a temporary folder.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { missingPython } from "../../scripts/release/packages/python.ts";
import { installPython } from "../tools/python.ts";

const root = join(import.meta.dirname, "..", "..");
const program = join(root, "src", "cli", "main.ts");
const requirements = join(import.meta.dirname, "requirements.txt");
const tests = join(import.meta.dirname, "push.py");
const guide = readFileSync(join(root, "docs", "google-clients.md"), "utf8");

const folder = mkdtempSync(join(tmpdir(), "mdps-google-clients-"));
const data = ["--data", join(folder, "data")];
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
  rmSync(folder, { recursive: true, force: true });
}

async function testNode(url: string): Promise<void> {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "push.mjs"), snippet("push.js"));
  await run(process.execPath, ["push.mjs"], { MDPS_ENDPOINT: url });
  console.log("ok: googleapis-common: the example for Node");
}

async function testPython(url: string): Promise<void> {
  const python = join(await installPython(join(folder, "venv"), requirements), "python");
  writeFileSync(join(folder, "push.py"), snippet("push.py"));
  const pushed = await run(python, ["push.py"], { MDPS_ENDPOINT: url });
  // The example prints an error as well.
  if (!pushed.startsWith("operators/65001/planStatuses/")) {
    throw new Error("the example for Python failed");
  }
  console.log("ok: google-api-python-client: the example for Python");
  await run(python, [tests], { MDPS_ENDPOINT: url, MDPS_KEY_FILE: join(folder, "reading-key.json") });
}

/** Returns an example of the guide. */
function snippet(name: string): string {
  const code = new RegExp(`<!-- snippet: ${name} -->\n\`\`\`\\w+\n([\\s\\S]*?\n)\`\`\``).exec(guide)?.[1];
  if (code === undefined) {
    throw new Error(`docs/google-clients.md has no example ${name}`);
  }
  return code;
}

async function writeKey(file: string, url: string, ...flags: string[]): Promise<void> {
  const account = ["--operator", "65001", "--name", file.split(".")[0] ?? ""];
  const args = [program, "service-account", "create", ...account, "--endpoint", url, ...flags, ...data];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  writeFileSync(join(folder, file), stdout, { mode: 0o600 });
}

/** Runs a program, and prints and returns its output. Rejects if it fails. */
async function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(command, args, {
    cwd: folder,
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
    throw new Error(`${command} ${args.join(" ")} exited with ${code}`);
  }
  return printed;
}

/** Returns the URL that a server prints when it listens. */
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
    from.on("exit", (code) => reject(new Error(`the server exited with ${code}: ${text}`)));
  });
}
