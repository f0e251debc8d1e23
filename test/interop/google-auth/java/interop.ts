import { join } from "node:path";
import { missingJava } from "../../../../scripts/release/packages/java.ts";
import { runTool } from "../../../../scripts/run-tool.ts";
import { testCertificateFiles } from "../../../support/certificates/certificate.ts";
import { buildProject, pomProperty } from "../../java/maven.ts";
import type { Language } from "../../language.ts";

const pomFolder = join(import.meta.dirname, "..", "..", "java");
const password = "changeit";

/** google-auth-library-oauth2-http with grpc-java. */
export const language: Language = {
  name: `Java: google-auth-library-oauth2-http ${pomProperty(pomFolder, "google-auth.version")}`,
  code: "Java jar",
  missing: missingJava,
  async build({ workDir, log }) {
    const trustStore = join(workDir, "trust.p12");
    await runTool(
      "keytool",
      [
        ...["-importcert", "-noprompt", "-alias", "localhost", "-file", testCertificateFiles.cert],
        ...["-keystore", trustStore, "-storetype", "PKCS12", "-storepass", password],
      ],
      { log },
    );
    const sources = join(import.meta.dirname, "src");
    const classPath = await buildProject({ pomFolder, sources, profile: "google-auth", workDir, log });
    const trust = [
      `-Djavax.net.ssl.trustStore=${trustStore}`,
      `-Djavax.net.ssl.trustStorePassword=${password}`,
    ];
    return { command: "java", args: [...trust, "-cp", classPath, "googleauth.Main"] };
  },
};
