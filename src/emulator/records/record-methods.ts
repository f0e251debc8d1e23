import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import {
  type Record as RecordMessage,
  RecordSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  DeleteRecordRequestSchema,
  GetRecordRequestSchema,
  type ListRecordsRequest,
  ListRecordsRequestSchema,
  ListRecordsResponseSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanGroupCodec, PlanStatusCodec } from "../../../gen/mobiledataplansharing/v1/resources_codec.ts";
import { apiError, invalidFields } from "../../contract/api-error.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { asnOfParent, parentOf } from "../../contract/resource-names.ts";
import type { ServerParts } from "../../server/server-extension.ts";
import { mapStoreErrors } from "../../services/store-errors.ts";
import type { RecordKey } from "../../store/plan-store.ts";
import { removeRecord } from "../../store/remove-record.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { parseKeyPattern } from "../key-pattern.ts";
import { pageSizeOf } from "../page.ts";
import { requireValid } from "../require-valid.ts";
import { keyOfRecordName, nameOfRecord } from "./record-name.ts";
import { readRecordPage } from "./record-page.ts";

type RecordMethods = EmulatorMethods<"listRecords" | "getRecord" | "deleteRecord">;

/** Implements the methods of stored records. */
export function createRecordMethods({ store, rules, clock }: ServerParts): RecordMethods {
  return {
    async listRecords(request, { signal }) {
      const after = cursorOfToken(request.pageToken);
      requireValid(rules, ListRecordsRequestSchema, request, problemsOfList(request, after));
      const options = {
        after,
        size: pageSizeOf(request.pageSize),
        matches: filterOf(request),
        clock,
        signal,
      };
      const { records, cursor } = await mapStoreErrors(readRecordPage(store, options)).catch(rejectCursor);
      return create(ListRecordsResponseSchema, {
        records: records.map(({ key, value }) => recordMessage(key, value)),
        nextPageToken: cursor === undefined ? "" : tokenOfCursor(cursor),
      });
    },

    async getRecord(request) {
      requireValid(rules, GetRecordRequestSchema, request);
      const { key, value } = await requireStored(request.name);
      return recordMessage(key, value);
    },

    async deleteRecord(request) {
      requireValid(rules, DeleteRecordRequestSchema, request);
      const { key } = await requireStored(request.name);
      await mapStoreErrors(removeRecord(store, key));
      return create(EmptySchema);
    },
  };

  async function requireStored(name: string): Promise<{ key: RecordKey; value: Uint8Array }> {
    const key = keyOfRecordName(name);
    const value = key && (await mapStoreErrors(store.get(key)));
    if (key === undefined || value === undefined) {
      throw apiError(ErrorReason.EMULATOR_RESOURCE_NOT_FOUND, {
        message:
          "no such record is stored, or it has expired by the clock of the emulator: ListRecords returns the names of those that are",
      });
    }
    return { key, value };
  }
}

function recordMessage(key: RecordKey, value: Uint8Array): RecordMessage {
  return create(RecordSchema, {
    name: nameOfRecord(key),
    operator: parentOf(key.asn),
    clientId: key.clientId,
    userKey: key.id,
    resource:
      key.kind === "planGroup"
        ? { case: "planGroup", value: PlanGroupCodec.decode(value) }
        : { case: "planStatus", value: PlanStatusCodec.decode(value) },
  });
}

function problemsOfList({ operator, pageToken }: ListRecordsRequest, after: string | undefined) {
  const problems: FieldViolation[] = [];
  if (operator !== "" && asnOfParent(operator) === undefined) {
    const description =
      "must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros, or empty";
    problems.push({ field: "operator", description });
  }
  if (pageToken !== "" && after === undefined) {
    problems.push(invalidToken);
  }
  return problems;
}

/** Returns whether a record matches the filters that are set. */
function filterOf({ operator, clientId, userKey }: ListRecordsRequest): (key: RecordKey) => boolean {
  const asn = operator === "" ? undefined : asnOfParent(operator);
  const pattern = parseKeyPattern(userKey);
  return (key) =>
    (asn === undefined || key.asn === asn) &&
    (clientId === "" || key.clientId === clientId) &&
    pattern.matches(key.id);
}

const invalidToken: FieldViolation = {
  field: "pageToken",
  description:
    "must be a nextPageToken of ListRecords since the emulator has started, or empty for the first page",
};

const tokenMark = "records:";

function tokenOfCursor(cursor: string): string {
  return Buffer.from(tokenMark + cursor).toString("base64url");
}

/** Returns the cursor of a token; undefined for the first page and for a text that is no token. */
function cursorOfToken(token: string): string | undefined {
  const text = Buffer.from(token, "base64url").toString();
  const cursor = text.slice(tokenMark.length);
  return text.startsWith(tokenMark) && tokenOfCursor(cursor) === token ? cursor : undefined;
}

/** The store rejects a cursor of another store with RangeError. */
function rejectCursor(error: unknown): never {
  throw error instanceof RangeError ? invalidFields([invalidToken]) : error;
}
