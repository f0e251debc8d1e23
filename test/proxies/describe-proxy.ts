import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { documentedConfiguration, edited } from "./configuration-text.ts";
import { type Configuration, configurations } from "./configurations.ts";
import { measureRefusals } from "./measure-refusals.ts";
import { type ProxyName, type RunningProxy, startProxy, versionOf } from "./proxy.ts";
import { type Site, startSite } from "./site.ts";

/** Defines the tests of one proxy; they are skipped where it is not installed. */
export function describeProxy(name: ProxyName): void {
  const version = versionOf(name);
  const title = version === undefined ? `${name} (not installed)` : `${name} ${version}`;
  describe.skipIf(version === undefined)(title, () => {
    let site: Site;
    beforeAll(async () => {
      site = await startSite();
    });
    afterAll(() => site[Symbol.asyncDispose]());

    const own = configurations.filter(({ proxy }) => proxy === name);
    it.each(own)(
      "passes every refusal and stalls nobody: servers over $upstream, buffering: $buffering",
      async (configuration) => {
        const proxy = await startConfigured(configuration, site);
        const { problems } = await measureRefusals(site, proxy, configuration);
        expect(problems, proxy.output()).toEqual([]);
      },
    );
  });
}

/** Starts a proxy with a configuration. It is stopped when the running test ends. */
async function startConfigured({ proxy: name, edits }: Configuration, site: Site): Promise<RunningProxy> {
  const proxy = await startProxy(name, edited(documentedConfiguration(name), edits), site.upstreams);
  onTestFinished(() => proxy.stop());
  return proxy;
}
