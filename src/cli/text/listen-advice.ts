import type { ListenError } from "../../server/listen-error.ts";

/** How to change each address: flags, with their settings in the configuration file. */
const ways = {
  listen: {
    host: "--host (listen.host)",
    port: "--port (listen.port)",
    free: ", or --port 0 for a free one",
  },
  admin: {
    host: "--admin (admin.listen)",
    port: "--admin (admin.listen)",
    free: "; port 0 picks a free one",
  },
};

/** Returns what to do about an address that cannot be opened. Names its flag and its setting. */
export function listenAdvice({ section, code }: ListenError): string {
  const { host, port, free } = ways[section];
  switch (code) {
    case "EADDRINUSE":
      return `Choose another port with ${port}${free}.`;
    case "EACCES":
      return `Choose a port of 1024 or above with ${port}, or give the program the capability CAP_NET_BIND_SERVICE.`;
    default:
      return `Choose an address of this machine with ${host}, such as 127.0.0.1, or 0.0.0.0 for all of them.`;
  }
}
