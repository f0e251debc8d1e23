// What users of the library get in browsers and everywhere. It imports nothing of Node.
export {
  compileRequestExpander,
  type ExpandedRequest,
  type ExpandOptions,
  type ExpandProblem,
  expandRequest,
  type RequestExpander,
} from "../client/expand-request.ts";
export { createRestTransport, type RestTransportOptions } from "../client/transport.ts";
export { type BodyTextReader, createBodyTextReader } from "../http/body-reader.ts";
export { type ErrorBodyOptions, readErrorBody, writeErrorBody } from "../http/error-body.ts";
export {
  type PathTemplate,
  PathTemplateError,
  parsePathTemplate,
  type TemplateSegment,
} from "../http/path-template.ts";
export { compileRouter, type Router, type RouterMatch } from "../http/router.ts";
export { type HttpBinding, type HttpRules, httpBindingsOf } from "../http/rules.ts";
export { codeOfHttpStatus, httpStatusOf, statusNameOf } from "../http/status.ts";
