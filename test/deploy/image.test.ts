import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleStatus } from "../../src/examples/index.ts";
import { childrenOf } from "../support/process-tree.ts";
import { type BuiltImage, buildWithoutEngine } from "./build-without-engine.ts";
import { readDockerfile, repository } from "./dockerfile.ts";
import { type MountNamespace, openMountNamespace, whyNoMountNamespace } from "./mount-namespace.ts";

const reason = whyNoMountNamespace();

/** `uid:gid`, and a list of other groups. */
type User = { readonly user: string; readonly groups?: string };

describe.skipIf(reason)(`the image, without an engine${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-image-"));
  let namespace: MountNamespace;
  let image: BuiltImage;
  let env: Record<string, string>;

  beforeAll(async () => {
    namespace = await openMountNamespace();
    image = buildWithoutEngine(namespace, readDockerfile(), folder);
    const { root, volume, user } = image;
    const [uid, gid] = user.split(":");
    // The same as `docker run --read-only --tmpfs /tmp -v data:/var/lib/mdps`.
    namespace.run(["mount", "-t", "tmpfs", "tmp", join(root, "tmp")]);
    namespace.run([
      "mount",
      "-t",
      "tmpfs",
      "-o",
      `uid=${uid},gid=${gid},mode=0700`,
      "data",
      join(root, volume),
    ]);
    namespace.run(["mount", "-o", "remount,ro", root]);
    env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/", ...image.env };
  });

  afterAll(async () => {
    await namespace.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Returns a command line that runs a command in the image as a container engine does: unprivileged and without capabilities. */
  function inImage(
    command: readonly string[],
    { user: owner, groups }: User = { user: image.user },
  ): string[] {
    const [uid, gid] = owner.split(":");
    const others = groups === undefined ? ["--clear-groups"] : ["--groups", groups];
    const user = ["--reuid", `${uid}`, "--regid", `${gid}`, ...others];
    const powers = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
    return ["chroot", image.root, "setpriv", ...user, ...powers, "--", ...command];
  }

  /** Starts the image as process 1 in an isolated network. `init` is the id of that process outside of its namespace. */
  async function start(
    more: Readonly<Record<string, string>>,
    user?: User,
    program: readonly string[] = image.command,
  ) {
    const namespaces = [
      "--pid",
      "--fork",
      "--kill-child",
      "--net",
      `--mount-proc=${join(image.root, "proc")}`,
    ];
    const listening = ["sh", "-ec", 'ip link set lo up; exec "$@"', "sh"];
    const command = inImage([...image.entrypoint, ...program], user);
    const engine = namespace.start(["unshare", ...namespaces, ...listening, ...command], { ...env, ...more });
    let stderr = "";
    let stdout = "";
    engine.stdout?.on("data", (chunk) => {
      stdout += chunk;
    });
    engine.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    const ended = once(engine, "exit");
    await Promise.race([
      once(engine.stdout as NodeJS.ReadableStream, "data"),
      ended.then(([code]) => Promise.reject(new Error(`the program ended with ${code}: ${stderr}`))),
    ]);
    // The only child of `unshare` is the first process of the namespace.
    const [init = 0] = childrenOf(engine.pid as number);
    const inside = (command: readonly string[]) =>
      namespace.run(["nsenter", "--target", String(init), "--net", "--", ...inImage(command)], env);
    return { init, ended, inside, engineOutput: () => stderr, printed: () => stdout };
  }

  const run = (...args: string[]) => namespace.run(inImage([...image.entrypoint, ...args]), env).trim();

  it("the image contains the drivers of all stores and no development dependencies", () => {
    const names = namespace.run(["ls", join(image.root, "opt/mdps/node_modules")]).split("\n");
    expect(names).toEqual(expect.arrayContaining(["pg", "cassandra-driver", "undici"]));
    expect(names.filter((name) => /^(typescript|vitest|esbuild|node-linux-.*)$/.test(name))).toEqual([]);
    expect(run("--version")).toBe(JSON.parse(readFileSync(join(repository, "package.json"), "utf8")).version);
  });

  it("the image can write to its volume and /tmp only", () => {
    const attempt = (path: string) => namespace.run(inImage(["touch", path]), env);
    for (const path of ["/x", "/opt/mdps/x", "/etc/x"]) {
      expect(() => attempt(path)).toThrow(/Read-only file system/);
    }
    for (const path of ["/tmp/x", `${image.volume}/x`]) {
      attempt(path);
      namespace.run(inImage(["rm", path]), env);
    }
  });

  it("the image serves as a user that only has a number and the group of the volume, as in OpenShift", async () => {
    const volume = join(image.root, image.volume);
    const id = "1000650000";
    namespace.run(["mount", "-t", "tmpfs", "-o", `uid=0,gid=${id},mode=2770`, "data", volume]);
    try {
      const { HOME: _, ...withoutHome } = env;
      const user = { user: `${id}:0`, groups: id };
      const command = ["token", "--operator", "65001"];
      const token = namespace.run(inImage([...image.entrypoint, ...command], user), withoutHome).trim();
      expect(token.split(".")).toHaveLength(3);
      const { init, ended, inside } = await start({ MDPS_ALLOW_CLEARTEXT: "true", HOME: "" }, user);
      inside(image.healthCheck);
      process.kill(init, "SIGTERM");
      expect(await ended).toEqual([0, null]);
      expect(namespace.run(["find", volume, "-type", "f", "!", "-uid", id])).toBe("");
    } finally {
      namespace.run(["umount", volume]);
    }
  });

  it("the image listens, passes its health check, stores a push, and exits with 0 on SIGTERM", async () => {
    const { init, ended, inside, engineOutput } = await start({ MDPS_ALLOW_CLEARTEXT: "true" });
    inside(image.healthCheck);
    const push = JSON.stringify({
      method: "POST",
      headers: {
        authorization: `Bearer ${run("token", "--operator", "65001")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(exampleStatus(new Date())),
    });
    const url = "http://127.0.0.1:8080/v1/operators/65001/clients/mobiledataplan/users/someone/planStatus";
    const script = `fetch("${url}", ${push}).then(({ status }) => console.log(status))`;
    expect(inside(["node", "-e", script]).trim()).toBe("200");
    // It must not open a debugger, let alone end the program.
    process.kill(init, "SIGUSR1");
    inside(image.healthCheck);
    expect(engineOutput()).not.toContain("Debugger");
    process.kill(init, "SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(run("export")).toContain("ACME Plan 199");
    // All data is in the volume, and nothing in the other writable place.
    expect(namespace.run(["ls", "-A", join(image.root, image.volume)])).toContain("plans.sqlite");
    expect(namespace.run(["ls", "-A", join(image.root, "tmp")])).toBe("");
  });

  it("the image runs the emulator as documented, which passes the health check and prints commands for the host", async () => {
    const guide = readFileSync(join(repository, "docs/emulator.md"), "utf8");
    const [, words = ""] = /^docker run .*\\\n {2}mdps (dev .*)$/m.exec(guide) ?? [];
    const { init, ended, inside, printed } = await start({}, undefined, words.split(" "));
    inside(image.healthCheck);
    const main = "node /opt/mdps/src/cli/main.js";
    expect(printed()).toMatch(
      new RegExp(`^docker exec \\S+ ${main} example \\| curl .*docker exec \\S+ ${main} token `, "m"),
    );
    const push = JSON.stringify({
      method: "POST",
      headers: {
        authorization: `Bearer ${run("token", "--operator", "65001")}`,
        "content-type": "application/json",
      },
      body: run("example"),
    });
    const url = "http://127.0.0.1:8080/v1/operators/65001/clients/mobiledataplan/users/dev/planStatus";
    const script = `fetch("${url}", ${push}).then(({ status }) => console.log(status))`;
    expect(inside(["node", "-e", script]).trim()).toBe("200");
    process.kill(init, "SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it("the health check of the image fails while nothing listens", () => {
    expect(() => namespace.run(["unshare", "--net", ...inImage(image.healthCheck)], env)).toThrow();
  });

  it("the image does not listen without a certificate unless MDPS_ALLOW_CLEARTEXT is set", async () => {
    await expect(start({})).rejects.toThrow(/cleartext/);
  });
});
