// What this project needs. Users of the library get ./public/.
export * from "./client/index.ts";
export { malformedRequest, writeErrorBody } from "./http/error-body.ts";
export { sendableDetail } from "./http/error-details.ts";
export { parseRequestTarget } from "./http/request-target.ts";
export { buildRouteTree } from "./http/route-tree.ts";
export { compileRouter } from "./http/router.ts";
export { typesWith } from "./http/types.ts";
export { parseJsonDocument } from "./json/bytes.ts";
export { createJsonReader, type JsonDocument, type JsonReader } from "./json/document.ts";
export { createElementScanner } from "./json/element-scanner.ts";
export { codecWithin } from "./json/generated.ts";
export type { ReadingOptions } from "./json/reading-state.ts";
export { createViolationList, type Rejection, type ViolationList } from "./json/violations.ts";
export { CallError, createCallErrors } from "./server/call/errors.ts";
export {
  type AroundMethod,
  collectMethods,
  compileUnaryMethod,
  type RegisteredMethod,
} from "./server/call/methods.ts";
export { createCallServer } from "./server/call/serve-call.ts";
export type { CallOptions, Wire } from "./server/call/wire.ts";
export { openStreamKey, pathFieldsKey } from "./server/context.ts";
export { type CorsOptions, createCors, isPreflight } from "./server/cors.ts";
export { createTranscodingHandler } from "./server/handler.ts";
export { isJson, parseQualities } from "./server/media-types.ts";
export type {
  HeaderValue,
  Http2Request,
  Http2Response,
  Listener,
  NodeHandler,
  NodeRequest,
  NodeResponse,
  WriteCallback,
} from "./server/node-http.ts";
export { type Query, readQuery, shownParameter } from "./server/query.ts";
export { readBytes } from "./server/read-body.ts";
export { compileRequestBinder } from "./server/request-binder.ts";
export {
  addHeaders,
  type HeaderFields,
  type ResponseFrame,
  respondContent,
  respondEmpty,
  respondError,
  respondStatic,
  sendWhole,
} from "./server/response.ts";
export { createStaticContent, type StaticContent } from "./server/response-coding.ts";
export { cutAfter, cutNow, isCut } from "./server/response-stream.ts";
export { readSystemParameters } from "./server/system-parameters.ts";
