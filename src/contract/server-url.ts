/**
 * Parses the URL under which clients reach a server: `http` or `https`, a host, and possibly a port and a path, as in
 * `https://example.com/mdps`, if a proxy removes that path. Returns the URL in its one spelling, without the default
 * port and a slash at the end, so that audiences of tokens can be compared with it; or what is wrong with the text.
 */
export function parseServerUrl(text: string): { readonly url: string } | { readonly problem: string } {
  // Only what a URL is written with: URL would correct white space and backslashes silently.
  const [, path] = /^https?:\/\/[^/?#\s\\]+((?:\/[^?#\s\\]*)?)(?:[?#]|$)/i.exec(text) ?? [];
  const url = path !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || path === undefined) {
    return { problem: `${JSON.stringify(text)} is not the URL of a server, such as ${example}` };
  }
  if (url.username !== "" || url.password !== "") {
    // Without the text, which may contain a password.
    return { problem: `the URL for ${url.host} must have no user and no password` };
  }
  if (/[?#]/.test(text)) {
    return { problem: `${JSON.stringify(text)} must have no query and no fragment` };
  }
  // Not `//`, `/../` or `%2F`, which proxies treat differently.
  if (!/^(\/(?!\.\.?(\/|$))[A-Za-z0-9._~-]+)*\/?$/.test(path)) {
    return {
      problem: `the path ${path} of ${JSON.stringify(text)} must consist of names with letters, digits, ".", "_", "~" and "-", as in ${example}`,
    };
  }
  return { url: url.origin + path.replace(/\/$/, "") };
}

const example = "https://mdps.example.com or https://example.com/mdps";
