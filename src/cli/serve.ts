import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { AuthConfigSchema } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { startServer } from "../server/server.ts";
import { defaultDataDirectory } from "./data-directory.ts";
import { newCommand } from "./new-command.ts";
import {
  collect,
  parseAsn,
  parseMebibytes,
  parseOrigin,
  parsePort,
  parseSeconds,
  parseUrl,
} from "./parse-options.ts";
import { jsonOption, print } from "./print.ts";
import { makeQuickStart, quickStartText } from "./quick-start.ts";
import { readConfig } from "./read-config.ts";
import { storeOption } from "./store-option.ts";
import { readTlsFiles } from "./tls-files.ts";

type ServeOptions = {
  host: string;
  port: number;
  data: string;
  store?: string;
  cacheMib?: number;
  tlsCert?: string;
  tlsKey?: string;
  allowCleartext?: true;
  publicUrl: string[];
  allowOrigin: string[];
  config?: string;
  clockSkew: number;
  reflection: boolean;
  quickStart?: number;
  json?: true;
};

/** `mdps serve`: runs the server until SIGTERM or SIGINT. */
export function serveCommand(): Command {
  return newCommand("serve")
    .description("run the server: Connect, gRPC, gRPC-Web and REST on one port")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on; 0 picks a free one", parsePort, 8080)
    .option(
      "--data <directory>",
      "where the signing key and, by default, the store live",
      defaultDataDirectory(),
    )
    .addOption(storeOption())
    .option("--cache-mib <MiB>", "memory for pages of a SQLite store", parseMebibytes)
    .option("--tls-cert <file>", "certificate chain, PEM; with it the port speaks TLS only")
    .option("--tls-key <file>", "private key of the certificate, PEM")
    .option("--allow-cleartext", "listen to other machines without TLS: for a proxy in front that has it")
    .option(
      "--public-url <url>",
      "URL by which clients reach the server; may be repeated",
      collect(parseUrl),
      [],
    )
    .option(
      "--allow-origin <origin>",
      "whose pages may call from browsers, * for everybody's; may be repeated",
      collect(parseOrigin),
      [],
    )
    .option("--config <file>", "further settings, YAML or JSON: whose tokens are accepted")
    .option("--clock-skew <seconds>", "how far in the future an updateTime may lie", parseSeconds(0), 60)
    .option("--no-reflection", "do not tell tools the contract by gRPC server reflection")
    .option("--quick-start <asn>", "print a token for this operator and a line for curl", parseAsn)
    .option(jsonOption[0], "print where the server listens as one line of JSON")
    .addHelpText("after", "\nExamples:\n  mdps serve\n  mdps serve --port 0 --data /var/lib/mdps")
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const { config, introspectionSecret } =
    options.config === undefined ? {} : await readConfig(options.config);
  const auth = config?.auth ?? create(AuthConfigSchema);
  auth.publicUrls.push(...options.publicUrl);
  const server = await startServer({
    host: options.host,
    port: options.port,
    tls: await readTlsFiles(options.tlsCert, options.tlsKey),
    allowCleartext: options.allowCleartext === true,
    dataDirectory: options.data,
    store: options.store,
    cacheBytes: options.cacheMib && options.cacheMib * 1024 * 1024,
    auth,
    introspectionSecret,
    allowOrigins: options.allowOrigin,
    clockSkewMs: options.clockSkew * 1000,
    reflection: options.reflection,
  });
  const stop = async () => {
    await server.close();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const { url } = server;
  const { data, json } = options;
  const quickStart =
    options.quickStart === undefined ? undefined : await makeQuickStart(url, data, options.quickStart);
  const words = `mdps listens on ${url}, with its data in ${data}`;
  print(
    json,
    { url, data, ...(quickStart && { quickStart }) },
    quickStart === undefined ? words : `${words}\n${quickStartText(quickStart)}`,
  );
}
