// What users of the library get in Node. The server of this project imports more, from ../index.ts.
export { parseJsonDocument } from "../json/bytes.ts";
export { createJsonReader, type JsonDocument, type JsonReader } from "../json/document.ts";
export type { ReadingOptions } from "../json/reading-state.ts";
export type { Rejection } from "../json/violations.ts";
export { httpBindingKey, openStreamKey, type PathFields, pathFieldsKey } from "../server/context.ts";
export { type Cors, type CorsOptions, createCors, isPreflight } from "../server/cors.ts";
export { createTranscodingHandler, type TranscodingHandler } from "../server/handler.ts";
export type { NodeHandler, NodeRequest, NodeResponse } from "../server/node-http.ts";
export type { TranscodingOptions } from "../server/options.ts";
export { type BindResult, compileRequestBinder, type RequestBinder } from "../server/request-binder.ts";
export * from "./client.ts";
