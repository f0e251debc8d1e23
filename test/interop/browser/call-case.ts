import {
  type DescMethodUnary,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { PlanGroupService } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { differenceOf, type ExpectedError, errorDifferenceOf, overRest } from "./difference.ts";

/** A case of test/vectors. */
export type VectorCase = {
  readonly name: string;
  readonly service: string;
  readonly method: string;
  readonly token: string;
  readonly request: JsonObject;
  /** Base64. */
  readonly requestBinary: string;
  readonly response?: JsonValue;
  readonly error?: ExpectedError;
};

/** The form from which the request of a case is parsed. */
export type Form = (typeof forms)[number];
export const forms = ["json", "binary"] as const;

export type CallContext = {
  readonly protocol: string;
  readonly transport: Transport;
  readonly form: Form;
  readonly tokens: Readonly<Record<string, string>>;
};

/** Timeout of a call in milliseconds. */
const timeoutMs = 10_000;

/** Sends a case. Returns the problem of the answer, or undefined. */
export async function callCase(context: CallContext, each: VectorCase): Promise<string | undefined> {
  try {
    const method = methodOf(each);
    const request =
      context.form === "json"
        ? fromJson(method.input, each.request)
        : fromBinary(method.input, base64Decode(each.requestBinary));
    const answer = await send(context, method, request, each.token);
    if (each.error !== undefined) {
      const expected = context.protocol === "rest" ? overRest(each.error, each.request) : each.error;
      return errorDifferenceOf(expected, answer);
    }
    if (each.response === undefined) {
      return "the case has neither response nor error";
    }
    return differenceOf(method.output, each.response, answer);
  } catch (error) {
    return `the case could not be run: ${error}`;
  }
}

function methodOf({ service, method }: VectorCase): DescMethodUnary {
  const methods: DescMethodUnary[] = [PlanStatusService, PlanGroupService].flatMap((each) =>
    Object.values(each.method),
  );
  const found = methods.find(({ parent, name }) => parent.typeName === service && name === method);
  if (found === undefined) {
    throw new Error(`unknown method ${service}/${method}`);
  }
  return found;
}

async function send(
  { transport, tokens }: CallContext,
  method: DescMethodUnary,
  request: Message,
  tokenName: string,
): Promise<Message | ConnectError> {
  const token = tokens[tokenName];
  if (token === undefined && tokenName !== "none") {
    throw new Error(`MDPS_TOKENS has no ${tokenName}`);
  }
  const header = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    return (await transport.unary(method, undefined, timeoutMs, header, request, undefined)).message;
  } catch (error) {
    return ConnectError.from(error);
  }
}
