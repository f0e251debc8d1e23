import * as transcoding from "mobile-data-plan-sharing/transcoding";
import * as client from "mobile-data-plan-sharing/transcoding/client";
import { expect, it } from "vitest";

it("transcoding exports the names that users and the other folders need, and no others", () => {
  expect(Object.keys(transcoding).sort()).toMatchInlineSnapshot(`
    [
      "CallError",
      "PathTemplateError",
      "addHeaders",
      "bindingsOfRule",
      "buildRouteTree",
      "codeOfHttpStatus",
      "codecWithin",
      "collectMethods",
      "compileRequestBinder",
      "compileRequestExpander",
      "compileRouter",
      "compileUnaryMethod",
      "createBodyTextReader",
      "createCallErrors",
      "createCallServer",
      "createCors",
      "createElementScanner",
      "createJsonArrayElements",
      "createJsonLines",
      "createJsonReader",
      "createRestTransport",
      "createStaticContent",
      "createTranscodingHandler",
      "createViolationList",
      "cutAfter",
      "cutNow",
      "encodeSegment",
      "expandRequest",
      "httpBindingKey",
      "httpBindingsOf",
      "httpStatusOf",
      "isCut",
      "isJson",
      "isPreflight",
      "malformedRequest",
      "openStreamKey",
      "parseFieldSelection",
      "parseJsonDocument",
      "parsePathTemplate",
      "parseQualities",
      "parseRequestTarget",
      "parseTimeoutHeader",
      "pathFieldsKey",
      "pathInBody",
      "readBytes",
      "readErrorBody",
      "readQuery",
      "readSystemParameters",
      "respondContent",
      "respondEmpty",
      "respondError",
      "respondStatic",
      "selectFields",
      "sendWhole",
      "sendableDetail",
      "shownParameter",
      "statusNameOf",
      "typesWith",
      "writeErrorBody",
    ]
  `);
});

it("transcoding exports everything that its browser entry exports", () => {
  expect(transcoding).toMatchObject(client);
});
