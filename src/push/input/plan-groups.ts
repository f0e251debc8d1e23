import { create, type DescMessage } from "@bufbuild/protobuf";
import {
  type CreatePlanGroupRequest,
  CreatePlanGroupRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanGroupSchema, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { createJsonReader, type JsonDocument } from "../../transcoding/index.ts";
import { withoutMember } from "./member-text.ts";

type JsonObject = Readonly<Record<string, unknown>>;

type ReadingOptions = NonNullable<Parameters<typeof createJsonReader>[1]>;

/** The request of a plan group, and what is sent over REST; or all violations. */
type ReadGroup =
  | { readonly request: CreatePlanGroupRequest; readonly body: () => Uint8Array }
  | { readonly violations: readonly FieldViolation[] };

/** Reads the records that are plan groups. */
export type PlanGroupReader = {
  /** Whether a record has the members of a plan group. Records with those of a status, or of neither, have not. */
  isGroup(record: JsonObject): boolean;
  /** Whether a record has no member that only a plan group or only a status has. */
  isNeither(record: JsonObject): boolean;
  /** Reads CreatePlanGroupRequest. Over REST, it is sent as it is written, except for the parent, which is in the path. */
  fromRequest(document: JsonDocument, record: JsonObject, bytes: Uint8Array): ReadGroup;
  /** Reads a plain PlanGroup with its id in the field `idField`. */
  fromGroup(document: JsonDocument, record: JsonObject, bytes: Uint8Array, idField: string): ReadGroup;
};

/** Creates the reader. `isPlain`: records are resources with the user key as an additional field, not request messages. */
export function createPlanGroupReader(isPlain: boolean, options: ReadingOptions): PlanGroupReader {
  const [group, status] = isPlain
    ? [PlanGroupSchema, PlanStatusSchema]
    : [CreatePlanGroupRequestSchema, CreateUserPlanStatusRequestSchema];
  const ofGroup = namesOnlyIn(group, status);
  const ofStatus = namesOnlyIn(status, group);
  const readRequest = createJsonReader(CreatePlanGroupRequestSchema, options);
  const readGroup = createJsonReader(PlanGroupSchema, {
    ...options,
    onUnknownField: ({ field, description }) =>
      options.onUnknownField?.({ field: `planGroup.${field}`, description }),
  });

  return {
    isGroup(record) {
      let [groupMembers, statusMembers] = [0, 0];
      for (const name in record) {
        groupMembers += Number(ofGroup.has(name));
        statusMembers += Number(ofStatus.has(name));
      }
      return groupMembers > 0 && groupMembers >= statusMembers;
    },

    isNeither: (record) => !Object.keys(record).some((name) => ofGroup.has(name) || ofStatus.has(name)),

    fromRequest(document, record, bytes) {
      const read = readRequest(document);
      if ("violations" in read) {
        return read;
      }
      const isParent = (key: string) => key === "parent";
      return {
        request: read.message,
        body: () => withoutMember(bytes, isParent, Object.keys(record).length),
      };
    },

    fromGroup(document, record, bytes, idField) {
      const { [idField]: planGroupId, ...json } = record;
      const read = readGroup({ ...document, json }, 1);
      if ("violations" in read) {
        return read;
      }
      const isId = (key: string) => key === idField;
      const request = create(CreatePlanGroupRequestSchema, { planGroupId: String(planGroupId) });
      request.planGroup = read.message;
      return {
        request,
        body: () =>
          Buffer.concat([
            Buffer.from(`{"planGroupId":${JSON.stringify(planGroupId)},"planGroup":`),
            withoutMember(bytes, isId, Object.keys(record).length),
            Buffer.from("}"),
          ]),
      };
    },
  };
}

/** Returns the names in JSON, both forms, of the fields that one message has and another has not. */
function namesOnlyIn(desc: DescMessage, other: DescMessage): ReadonlySet<string> {
  const others = new Set(other.fields.map(({ name }) => name));
  return new Set(
    desc.fields.filter(({ name }) => !others.has(name)).flatMap(({ name, jsonName }) => [name, jsonName]),
  );
}
