// What this project needs of the client side. It never imports Node modules, so that it can be bundled for browsers.
export { createBodyTextReader } from "../http/body-reader.ts";
export { pathInBody, readErrorBody } from "../http/error-body.ts";
export { type PathTemplate, parsePathTemplate, type TemplateSegment } from "../http/path-template.ts";
export { encodeSegment } from "../http/percent.ts";
export { bindingsOfRule, type HttpBinding, httpBindingsOf } from "../http/rules.ts";
export { codeOfHttpStatus, httpStatusOf, statusNameOf } from "../http/status.ts";
export { type ParsedTimeout, parseTimeoutHeader } from "../http/timeout-header.ts";
export { compileRequestExpander, expandRequest } from "./expand-request.ts";
export { createRestTransport } from "./transport.ts";
