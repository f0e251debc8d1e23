import { join } from "node:path";
import { pinnedGo } from "../../../../scripts/go-tool.ts";
import { runTool } from "../../../../scripts/run-tool.ts";
import { testCertificateFiles } from "../../../support/certificates/certificate.ts";
import { goVersionOf, missingGo } from "../../go/module.ts";
import type { Language } from "../../language.ts";

const folder = import.meta.dirname;

/** golang.org/x/oauth2 with grpc-go. */
export const language: Language = {
  name: `Go: golang.org/x/oauth2 ${goVersionOf("golang.org/x/oauth2", folder)}`,
  code: "Go module `gen/go`",
  missing: () => missingGo(folder),
  async build({ workDir, log }) {
    const program = join(workDir, "program");
    await runTool("go", ["build", "-o", program, "."], { cwd: folder, env: pinnedGo, log });
    return { command: program, args: [], env: { SSL_CERT_FILE: testCertificateFiles.cert } };
  },
};
