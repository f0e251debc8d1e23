import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleStatus } from "../../src/cli/quick-start.ts";
import { type BuiltImage, buildWithoutEngine } from "./build-without-engine.ts";
import { readDockerfile, repository } from "./dockerfile.ts";
import { freePort } from "./free-port.ts";
import { openRoom, type Room, whyNoRoom } from "./room.ts";

const missing =
  whyNoRoom() ?? (existsSync(join(repository, ".git")) ? undefined : "this is no checkout of Git");
const title = "the image, built and started without an engine";

describe.skipIf(missing !== undefined)(
  missing === undefined ? title : `${title} (skipped: ${missing})`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "mdps-image-"));
    let room: Room;
    let image: BuiltImage;
    let env: Record<string, string>;

    beforeAll(async () => {
      room = await openRoom();
      image = buildWithoutEngine(room, readDockerfile(), folder);
      const { root, volume, user } = image;
      const [uid, gid] = user.split(":");
      // As `docker run --read-only --tmpfs /tmp -v data:/var/lib/mdps` does.
      room.run(["mount", "-t", "tmpfs", "tmp", join(root, "tmp")]);
      room.run(["mount", "-t", "tmpfs", "-o", `uid=${uid},gid=${gid},mode=0700`, "data", join(root, volume)]);
      room.run(["mount", "-o", "remount,ro", root]);
      env = {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/",
        ...image.env,
        // This machine's network is that of the image here.
        MDPS_HOST: "127.0.0.1",
        MDPS_PORT: String(await freePort()),
        MDPS_ADMIN: `127.0.0.1:${await freePort()}`,
      };
    });

    afterAll(async () => {
      await room.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** How an engine starts something in the image: unprivileged, without capabilities, in its file system. */
    function inImage(command: readonly string[]): string[] {
      const [uid, gid] = image.user.split(":");
      const user = ["--reuid", `${uid}`, "--regid", `${gid}`, "--clear-groups"];
      const powers = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
      return ["chroot", image.root, "setpriv", ...user, ...powers, "--", ...command];
    }

    /** Starts the image as process 1 of a process namespace; `init` is its number out here. */
    async function start(): Promise<{
      url: string;
      init: number;
      engine: ChildProcess;
      ended: Promise<unknown[]>;
    }> {
      const namespace = [
        "unshare",
        "--pid",
        "--fork",
        "--kill-child",
        `--mount-proc=${join(image.root, "proc")}`,
      ];
      const engine = room.start([...namespace, ...inImage([...image.entrypoint, ...image.command])], env);
      const ended = once(engine, "exit");
      let stderr = "";
      engine.stderr?.on("data", (chunk) => {
        stderr += chunk;
      });
      const [line] = await Promise.race([
        once(engine.stdout as NodeJS.ReadableStream, "data"),
        ended.then(([code]) => {
          throw new Error(`the program ended with ${code}: ${stderr}`);
        }),
      ]);
      const url = /http:\S+(?=,)/.exec(String(line))?.[0] ?? "";
      return { url, init: onlyChildOf(engine.pid as number), engine, ended };
    }

    const run = (...args: string[]) => room.run(inImage([...image.entrypoint, ...args]), env).trim();

    it("has the drivers of all engines, and nothing that only builds or tests", () => {
      const modules = join(image.root, "opt/mdps/node_modules");
      const names = room.run(["ls", modules]).split("\n");
      expect(names).toEqual(expect.arrayContaining(["pg", "cassandra-driver", "undici"]));
      expect(names.filter((name) => /^(typescript|vitest|esbuild|node-linux-.*)$/.test(name))).toEqual([]);
      expect(run("--version")).toBe(
        JSON.parse(readFileSync(join(repository, "package.json"), "utf8")).version,
      );
    });

    it("cannot write anywhere but to its volume and /tmp", () => {
      const attempt = (path: string) => room.run(inImage(["touch", path]), env);
      for (const path of ["/x", "/opt/mdps/x", "/etc/x"])
        expect(() => attempt(path)).toThrow(/Read-only file system/);
      for (const path of ["/tmp/x", `${image.volume}/x`]) {
        expect(() => attempt(path)).not.toThrow();
        room.run(inImage(["rm", path]), env);
      }
    });

    it("listens, is found healthy, stores a push, and ends with 0 on SIGTERM", async () => {
      const { url, init, ended } = await start();
      room.run(inImage(image.healthCheck), env);
      const token = run("token", "--operator", "65001");
      const answer = await fetch(
        `${url}/v1/operators/65001/clients/mobiledataplan/users/someone/planStatus`,
        {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify(exampleStatus(new Date())),
        },
      );
      expect(answer.status).toBe(200);
      process.kill(init, "SIGTERM");
      expect(await ended).toEqual([0, null]);
      expect(run("export", "--data", image.volume)).toContain("ACME Plan 199");
      // The data are in the volume, and nothing was left beside them in the other place that can be written.
      expect(room.run(["ls", "-A", join(image.root, image.volume)])).toContain("plans.sqlite");
      expect(room.run(["ls", "-A", join(image.root, "tmp")])).toBe("");
    });

    it("is found unhealthy while nothing listens", () => {
      expect(() => room.run(inImage(image.healthCheck), env)).toThrow();
    });

    it("refuses to listen to other machines without a certificate", async () => {
      const all = { ...env, MDPS_HOST: "0.0.0.0" };
      expect(() => room.run(inImage([...image.entrypoint, ...image.command]), all)).toThrow(/cleartext/);
    });
  },
);

/** The one child of the one child: `nsenter` becomes `unshare`, and that waits for the first process of its namespace. */
function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
}
