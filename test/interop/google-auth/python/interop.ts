import { join } from "node:path";
import { missingPython, pinnedVersion } from "../../../../scripts/release/packages/python.ts";
import { testCertificateFiles } from "../../../support/certificates/certificate.ts";
import type { Language } from "../../language.ts";
import { makePython } from "../../python/venv.ts";

const requirements = join(import.meta.dirname, "requirements.txt");

/** google-auth with grpcio. */
export const language: Language = {
  name: `Python: google-auth ${pinnedVersion("google-auth", requirements)}`,
  code: "Python wheel",
  missing: missingPython,
  async build({ workDir, log }) {
    const { python, env } = await makePython({ workDir, log, requirements });
    const trust = {
      REQUESTS_CA_BUNDLE: testCertificateFiles.cert,
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: testCertificateFiles.cert,
    };
    return { command: python, args: [join(import.meta.dirname, "main.py")], env: { ...env, ...trust } };
  },
};
