import type { DescMessage } from "@bufbuild/protobuf";
import { file_mobiledataplansharing_serving_v1_plan_serving_service as serving } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { file_mobiledataplansharing_v1_plan_group_service as planGroups } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { file_mobiledataplansharing_v1_plan_status_service as planStatuses } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { file_mobiledataplansharing_v1_plans as plans } from "../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { file_mobiledataplansharing_v1_resources as resources } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { curlLine } from "./curl-line.ts";
import { errorLines } from "./error-lines.ts";
import { exampleOf } from "./example.ts";

/** Every message that callers send, writes before reads. `ErrorReasonSpec` is an option and never sent. */
export const exampleMessages: readonly DescMessage[] = [
  resources,
  plans,
  planStatuses,
  planGroups,
  serving,
].flatMap((file) => file.messages);

/** Returns the files of the examples: one per message, and a README.md with a curl command for each. */
export function exampleFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const desc of exampleMessages) {
    files.set(`${desc.name}.json`, `${JSON.stringify(exampleOf(desc), null, 2)}\n`);
  }
  return files.set("README.md", readme());
}

function readme(): string {
  return `# Examples

One file for each message, with every field that callers may set, and a command that sends it. The commands read the URL
of the server and the tokens from environment variables. Run \`mdps serve\` in one terminal, and in another:

\`\`\`
export MDPS_ENDPOINT=http://127.0.0.1:8080
export MDPS_TOKEN=$(mdps token --operator 65001)
export READ_TOKEN=$(mdps token --operator 65001 --access read)
\`\`\`

The commands replace the time in the files with the current time, because a status must be less than 30 days old.
${exampleMessages.map((desc) => section(desc.name, curlLine(desc))).join("")}
# Errors

Every error is a \`google.rpc.Status\` whose details have a \`google.rpc.ErrorInfo\` with one of the reasons of
\`mobiledataplansharing/v1/errors.proto\`. These commands cause some of them.
${errorLines.map(([reason, line]) => section(reason, line)).join("")}`;
}

function section(title: string, line: string | undefined): string {
  if (line === undefined) {
    throw new Error(`${title}: no call takes this message`);
  }
  return `\n## ${title}\n\n\`\`\`sh\n${line}\n\`\`\`\n`;
}
