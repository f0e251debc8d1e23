import { describe, expect, it } from "vitest";
import { runPreflight } from "../../src/cli/preflight.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { testCertificateFiles } from "../support/certificates/certificate.ts";
import { dataDirectory } from "../support/data-directory.ts";

describe("a certificate", () => {
  const { cert, key } = testCertificateFiles;
  const flags = new Map([
    ["listen.tlsCert", cert],
    ["listen.tlsKey", key],
  ]);

  /** What is said of it when its end is so many days away. */
  async function saidBefore(days: number) {
    const resolved = resolveConfig({
      dataDirectory: await dataDirectory(),
      commandLine: { flags, sets: [] },
    });
    return runPreflight(resolved, new Date(end.getTime() - days * 86_400_000));
  }
  const end = new Date("2120-01-01T00:00:00Z");

  it("is worth a word within 30 days of its end, and a fault after it", async () => {
    expect(await saidBefore(40)).toEqual({ faults: [], warnings: [] });
    expect(await saidBefore(20)).toEqual({
      faults: [],
      warnings: [expect.stringMatching(/^listen\.tlsCert: .* expires on 2120-/)],
    });
    expect(await saidBefore(-2)).toEqual({
      faults: [expect.stringMatching(/^listen\.tlsCert: .* expired on 2120-/)],
      warnings: [],
    });
  });
});
