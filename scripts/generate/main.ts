/**
 * `npm run generate` generates the checked-in files from the contract and the server's protos: `gen/`, `docs/reference/`,
 * the tables of settings in `docs/configuration.md`, and the test vectors.
 */
import { runSteps } from "../run-steps.ts";

runSteps(
  {
    // After a pull, the copies that everything is generated with may be older than the checkout.
    prepare: [["node", "scripts/prepare/prepare.ts"]],
    gen: [["node", "scripts/generate/write-gen.ts"]],
    settings: [["node", "scripts/generate/write-settings.ts"]],
    vectors: [["node", "test/vectors/generate.ts"]],
  },
  process.argv.slice(2),
);
