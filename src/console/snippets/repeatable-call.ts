import type { DescMethod } from "@bufbuild/protobuf";
import { PlanServingService } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";

/** The protocols of the API, as the client of this package names them. */
export type ProtocolName = "rest" | "connect" | "grpc" | "grpc-web";

/** An HTTP request that a shell or a script can send. */
export type HttpRequest = {
  readonly httpMethod: string;
  /** Path and query, percent-encoded. */
  readonly target: string;
  /** Names in any spelling. `Authorization` is not among them: see `Access`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Undefined for a request without a body. */
  readonly body: string | Uint8Array | undefined;
};

/** The credentials that a call is sent with. */
export type Access =
  /** A token that the emulator signs for the snippet. */
  | { readonly kind: "token"; readonly operator: string; readonly scopes?: readonly string[] }
  /** Values of `Authorization`: none, or some that no server accepts. */
  | { readonly kind: "headers"; readonly values: readonly string[] };

/** A call that snippets send again, so that its answer is the same. */
export type RepeatableCall = {
  /** Of the emulator, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Undefined if the request was none of the API's protocols. */
  readonly protocol: ProtocolName | undefined;
  /** Undefined if the request matched no method. */
  readonly method: DescMethod | undefined;
  /** JSON of the request message, exactly as it is to be sent. Undefined if it is not known. */
  readonly message: string | undefined;
  /** The request as it was sent, if curl can send it again. */
  readonly sent: HttpRequest | undefined;
  readonly access: Access;
  /** Why there is no snippet at all; undefined if there may be one. */
  readonly unknown?: string | undefined;
};

/** The text of a snippet, or why there is none. */
export type Snippet = { readonly text: string } | { readonly reason: string };

const methods: readonly DescMethod[] = [PlanStatusService, PlanServingService, PlanGroupService].flatMap(
  (service): readonly DescMethod[] => service.methods,
);

/** Finds a method by the name that the journal has, `package.Service/Method`, or that of a push alone. */
export function methodNamed(name: string): DescMethod | undefined {
  return methods.find(
    (method) => name === `${method.parent.typeName}/${method.name}` || name === method.name,
  );
}

/** Returns why a program that sends messages of the contract cannot send a call. */
export function whyNoMessage({ method }: RepeatableCall, program: string): string {
  return method === undefined
    ? `The request matched no method, and ${program} sends messages of methods only.`
    : `The request is no message of ${method.name}, and ${program} sends nothing else.`;
}
