/** A wrong command line. `$URL` is a server, and `TOKEN` a token that may push to it. */
export type WrongCommand = {
  /** What is wrong, as the page says it. */
  readonly what: string;
  /** A line of bash. */
  readonly line: string;
};

const push = "mdps push statuses.ndjson";
const toServer = `${push} --endpoint $URL`;

/** Wrong command lines, by the headings of the page. */
export const wrongCommands: Readonly<Record<string, readonly WrongCommand[]>> = {
  "Names and values": [
    { what: "the command is misspelt", line: "mdps psuh statuses.ndjson" },
    { what: "a flag is misspelt", line: `${toServer} --operatr 65001` },
    { what: "a flag of another program", line: `${push} --url $URL` },
    { what: "no file", line: "mdps push --endpoint $URL" },
    { what: "two files", line: "mdps push statuses.ndjson more.ndjson" },
    { what: "no endpoint", line: `${push} --token TOKEN` },
    { what: "no credentials", line: toServer },
    { what: "two kinds of credentials", line: `${toServer} --token TOKEN --credentials key.json` },
    { what: "no value", line: `${toServer} --operator` },
    { what: "the operator has leading zeros", line: `${toServer} --operator 065001` },
    { what: "the operator is a name", line: "mdps token --operator acme" },
    { what: "the operator is missing", line: "mdps get 491701234567" },
    { what: "the client is misspelt", line: `${toServer} --token TOKEN --client youTube` },
    { what: "the protocol is not known", line: `${toServer} --protocol soap` },
    { what: "a percentage with a word", line: `${toServer} --max-errors 5pct` },
    { what: "a duration with a unit", line: `${toServer} --patience 10m` },
    { what: "a rate of 0", line: `${toServer} --rate 0` },
    { what: "the port is a name", line: "mdps serve --port http" },
    { what: "a setting is misspelt", line: "mdps serve --set limits.maxInFligth=100" },
  ],
  "The endpoint": [
    { what: "a URL without its scheme", line: `${push} --endpoint mdps.example.com --token TOKEN` },
    { what: "an abbreviation", line: `${push} --endpoint prod --token TOKEN` },
    {
      what: "a token for another machine in cleartext",
      line: `${push} --endpoint http://mdps.example.com --token TOKEN`,
    },
    { what: "gRPC to Google", line: `${push} --endpoint production --protocol grpc --token TOKEN` },
    { what: "a path that the server does not have", line: `${push} --endpoint $URL/api --token TOKEN` },
    { what: "TLS to a port without TLS", line: `${push} --endpoint https://127.0.0.1:$PORT --token TOKEN` },
    { what: "nothing listens", line: `${push} --endpoint http://127.0.0.1:1 --token TOKEN --patience 1` },
    { what: "no token at all", line: `${toServer} --token none` },
    { what: "a token that may only read", line: `${toServer} --token READ_TOKEN` },
    { what: "a token that may only push", line: "mdps get a --operator 65001 --endpoint $URL --token TOKEN" },
    { what: "not an emulator", line: "mdps example --endpoint $URL" },
  ],
  "The input": [
    { what: "a file that does not exist", line: "mdps validate none.ndjson" },
    { what: "a directory", line: "mdps validate folder" },
    { what: "an empty file", line: "mdps validate empty.ndjson" },
    { what: "CSV without a mapping", line: "mdps validate statuses.csv" },
    { what: "a spreadsheet", line: "mdps validate statuses.xlsx" },
    { what: "gzip that is cut off", line: "mdps validate cut.ndjson.gz" },
    { what: "a JSON document over several lines", line: "mdps validate pretty.json" },
  ],
  "The key file": [
    { what: "it does not exist", line: `${toServer} --credentials none.json` },
    { what: "it is another file", line: `${toServer} --credentials statuses.ndjson` },
    { what: "its line feeds are written as \\\\n", line: `${toServer} --credentials escaped.json` },
    { what: "its account was revoked", line: `${toServer} --credentials revoked.json` },
    {
      what: "a new key in place of another",
      line: "mdps service-account create --operator 65001 --name other --out key.json",
    },
    {
      what: "in a folder that does not exist",
      line: "mdps service-account create --operator 65001 --name other --out none/key.json",
    },
    { what: "an account that exists", line: "mdps service-account create --operator 65001 --out new.json" },
    { what: "an account that does not exist", line: "mdps service-account revoke nobody" },
  ],
  "Runs and directories": [
    { what: "a run that does not exist", line: "mdps push --resume 2026-01-01T00-00-00 --token TOKEN" },
    { what: "a file and a run", line: `${push} --resume 2026-01-01T00-00-00` },
    { what: "the directory of runs is a file", line: `${toServer} --token TOKEN --runs empty.ndjson` },
    { what: "the data directory is a file", line: "mdps token --operator 65001 --data empty.ndjson" },
    { what: "another data directory, to export", line: "mdps export --data wrong" },
    { what: "another data directory, to revoke", line: "mdps service-account revoke a --data wrong" },
    { what: "another data directory, to check", line: "mdps check --data wrong" },
    { what: "a file that is no export", line: "mdps import statuses.csv" },
    { what: "a configuration that does not exist", line: "mdps serve --config none.yaml" },
    { what: "a port that is in use", line: "mdps serve --port $PORT" },
    { what: "other machines without TLS", line: "mdps serve --host 0.0.0.0 --port 0" },
    { what: "the store is not known", line: "mdps serve --store mysql://localhost/mdps" },
  ],
};
