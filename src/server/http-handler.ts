export type {
  HeaderValue,
  Http2Request,
  Http2Response,
  Listener,
  NodeHandler as HttpHandler,
  NodeRequest as HttpRequest,
  NodeResponse as HttpResponse,
  WriteCallback,
} from "../transcoding/index.ts";
