export * from "./client/index.ts";
export { malformedRequest, writeErrorBody } from "./http/error-body.ts";
export { sendableDetail } from "./http/error-details.ts";
export { parseRequestTarget } from "./http/request-target.ts";
export { buildRouteTree, type MatchResult, type RouteTree } from "./http/route-tree.ts";
export { compileRouter, type Router, type RouterMatch } from "./http/router.ts";
export { typesWith } from "./http/types.ts";
export { parseJsonDocument } from "./json/bytes.ts";
export { createJsonReader, type JsonDocument, type JsonReader } from "./json/document.ts";
export { createElementScanner, type ElementScanner } from "./json/element-scanner.ts";
export { codecWithin } from "./json/generated.ts";
export type { ReadingOptions } from "./json/reading-state.ts";
export { createViolationList, type Rejection, type ViolationList } from "./json/violations.ts";
export type { CallContext } from "./server/call/context.ts";
export { CallError, type CallErrors, createCallErrors } from "./server/call/errors.ts";
export {
  type AroundMethod,
  collectMethods,
  compileUnaryMethod,
  type MethodOptions,
  type RegisteredMethod,
  type UnaryMethod,
} from "./server/call/methods.ts";
export { type CallServer, createCallServer } from "./server/call/serve-call.ts";
export type { Call, CallOptions, Wire } from "./server/call/wire.ts";
export { httpBindingKey, openStreamKey, type PathFields, pathFieldsKey } from "./server/context.ts";
export { type Cors, type CorsOptions, createCors, isPreflight } from "./server/cors.ts";
export { type FieldSelection, parseFieldSelection, selectFields } from "./server/field-selection.ts";
export { createTranscodingHandler, type TranscodingHandler } from "./server/handler.ts";
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
export type { TranscodingOptions } from "./server/options.ts";
export { type Query, readQuery, shownParameter } from "./server/query.ts";
export { readBytes } from "./server/read-body.ts";
export { type BindResult, compileRequestBinder, type RequestBinder } from "./server/request-binder.ts";
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
