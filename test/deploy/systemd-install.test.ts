import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleStatus } from "../../src/examples/index.ts";
import { packPackages } from "../package/installed.ts";
import { repository } from "./dockerfile.ts";
import {
  type MountNamespace,
  mountCopy,
  openMountNamespace,
  whyNoMountNamespace,
} from "./mount-namespace.ts";

const text = readFileSync(join(repository, "docs/operations.md"), "utf8");
const snippets = new Map(
  [...text.matchAll(/<!-- snippet: (\S+) -->\n```sh\n([\s\S]*?)\n```/g)].map(([, name = "", block = ""]) => [
    name,
    block,
  ]),
);

/** Returns why this machine cannot run the commands; undefined if it can. */
function whyNot(): string | undefined {
  const missing = ["systemd-sysusers", "runuser", "openssl", "curl", "npm"].find((tool) => {
    try {
      execFileSync("which", [tool], { stdio: "ignore" });
      return false;
    } catch {
      return true;
    }
  });
  return whyNoMountNamespace() ?? (missing === undefined ? undefined : `${missing} is missing`);
}

const reason = whyNot();

describe.skipIf(reason)(
  `the commands of docs/operations.md for systemd, in a copy of this machine${reason ? ` (skipped: ${reason})` : ""}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "mdps-systemd-"));
    const root = join(folder, "root");
    let namespace: MountNamespace;
    let service: ChildProcess | undefined;

    const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const env = { ...(process.env as Record<string, string>), PATH: path, HOME: "/root", NODE_OPTIONS: "" };

    /** Runs a script as root in the copy, in the network of the service if it runs. */
    function shell(script: string): string {
      const network =
        service === undefined ? [] : ["nsenter", "--target", String(service.pid), "--net", "--"];
      const command = ["chroot", root, "sh", "-euc", `cd /root\n${script}`];
      return namespace.run([...network, ...command], env);
    }

    beforeAll(async () => {
      const { main: tarball } = await packPackages(folder);
      namespace = await openMountNamespace();
      namespace.run(["mkdir", "-p", root]);
      namespace.run(["mount", "-t", "tmpfs", "copy", root]);
      mountCopy(namespace, root, join(root, "upper"), join(root, "work"));
      namespace.run(["cp", tarball, join(root, "root/package.tgz")]);
      namespace.run(["cp", "--remove-destination", process.execPath, join(root, "usr/bin/node")]);
      // No systemd runs here: the test checks what it is told, and starts the command of the unit.
      const stub = '#!/bin/sh\necho "$@" >> /root/systemctl.log';
      shell(
        `mkdir -p /usr/local/sbin; echo '${stub}' > /usr/local/sbin/systemctl; chmod 755 /usr/local/sbin/systemctl`,
      );
      shell(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mdps.example.com -addext subjectAltName=DNS:mdps.example.com -keyout tls.key -out tls.crt 2>&1",
      );
    });

    afterAll(async () => {
      await namespace.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("install the program on the PATH, create its user, and install its unit", () => {
      const install = snippets.get("systemd-install.sh") ?? "false";
      expect(install).toContain("npm install --prefix /opt/mdps mobile-data-plan-sharing ");
      const settings = ["npm_config_globalconfig", "npm_config_userconfig"]
        .flatMap((name) => (process.env[name] ? [`export ${name}='${process.env[name]}'`] : []))
        .join("\n");
      shell(`${settings}\n${install.replace("mobile-data-plan-sharing ", "/root/package.tgz ")}`);
      const version = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")).version;
      expect(shell("mdps --version").trim()).toBe(version);
      expect(shell("getent passwd mdps")).toMatch(/^mdps:.*:\/var\/lib\/mdps:/);
      expect(shell("stat -c '%U %G %a' /var/lib/mdps").trim()).toBe("mdps mdps 700");
      const installed = shell("cat /etc/systemd/system/mdps.service");
      expect(installed).toBe(readFileSync(join(repository, "deploy/systemd/mdps.service"), "utf8"));
    });

    it("check the certificate as the user of the service, and start a server that becomes ready", async () => {
      shell(snippets.get("systemd-start.sh") ?? "false");
      expect(shell("cat systemctl.log")).toBe("daemon-reload\nenable --now mdps\n");
      const [, start = ""] = /^ExecStart=(.*)$/m.exec(shell("cat /etc/systemd/system/mdps.service")) ?? [];
      const command = start.replace(["$", "{STATE_DIRECTORY}"].join(""), "/var/lib/mdps").split(" ");
      const user = ["setpriv", "--reuid", "mdps", "--regid", "mdps", "--init-groups", "--no-new-privs"];
      const listening = ["unshare", "--net", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh"];
      service = namespace.start([...listening, "chroot", root, ...user, ...command], { PATH: path });
      let stderr = "";
      service.stderr?.on("data", (chunk) => {
        stderr += chunk;
      });
      await Promise.race([
        once(service.stdout as NodeJS.ReadableStream, "data"),
        once(service, "exit").then(([code]) => Promise.reject(new Error(`ended with ${code}: ${stderr}`))),
      ]);
      expect(stderr).not.toMatch(/^mdps:/m);
    });

    it("create a token that pushes over TLS, and a key file that only root can read", () => {
      const printed = shell(snippets.get("systemd-first-token.sh") ?? "false").split("\n");
      expect(printed[0]).toBe("ok");
      const status = JSON.stringify(exampleStatus(new Date()));
      const url = "https://mdps.example.com:8080/v1/operators/65001/clients/youtube/users/one/planStatus";
      const answer = shell(
        `curl -sS --fail --cacert tls.crt --resolve mdps.example.com:8080:127.0.0.1 -H 'Authorization: Bearer ${printed[1]}' -H 'Content-Type: application/json' -d '${status}' ${url}`,
      );
      expect(JSON.parse(answer).title).toBe("ACME Plan 199");
      expect(shell("stat -c '%U %a' key.json").trim()).toBe("root 600");
      expect(JSON.parse(shell("cat key.json")).token_uri).toBe("https://mdps.example.com/token");
      expect(shell("find /var/lib/mdps ! -user mdps").trim()).toBe("");
    });
  },
);
