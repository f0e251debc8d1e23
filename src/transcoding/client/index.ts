// The client side. It never imports Node modules, so that it can be bundled for browsers.
export { type BodyTextReader, createBodyTextReader } from "../http/body-reader.ts";
export { pathInBody, readErrorBody } from "../http/error-body.ts";
export {
  type PathTemplate,
  PathTemplateError,
  parsePathTemplate,
  type TemplateSegment,
} from "../http/path-template.ts";
export { encodeSegment } from "../http/percent.ts";
export { bindingsOfRule, type HttpBinding, type HttpRules, httpBindingsOf } from "../http/rules.ts";
export { codeOfHttpStatus, httpStatusOf, statusNameOf } from "../http/status.ts";
export { type ParsedTimeout, parseTimeoutHeader } from "../http/timeout-header.ts";
export { createJsonArrayElements, createJsonLines, type JsonElements } from "../json/elements.ts";
export {
  compileRequestExpander,
  type ExpandedRequest,
  type ExpandOptions,
  type ExpandProblem,
  expandRequest,
  type RequestExpander,
} from "./expand-request.ts";
export { createRestTransport, type RestTransportOptions } from "./transport.ts";
