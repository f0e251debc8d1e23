/**
 * Buf plugin: writes the JSON Schema of an input of `mdps push`, `push-record.schema.json`, for editors.
 * buf must run it for all files at once (`strategy: all`). Required option: `id`, the URL of the schema.
 */
import { runDocumentPlugin } from "./describe/plugin.ts";
import { recordSchema } from "./record-schema/document.ts";

runDocumentPlugin({
  name: "protoc-gen-record-schema",
  file: "push-record.schema.json",
  options: ["id"],
  document: (files, allFiles, { id }) =>
    recordSchema(files, allFiles, id, [
      {
        request: "mobiledataplansharing.v1.CreateUserPlanStatusRequest",
        key: "user_key",
        resource: "plan_status",
        optional: ["parent", "client_id"],
      },
      {
        request: "mobiledataplansharing.v1.CreatePlanGroupRequest",
        key: "plan_group_id",
        resource: "plan_group",
        optional: ["parent"],
      },
    ]),
});
