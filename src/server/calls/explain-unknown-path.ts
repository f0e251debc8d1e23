const userPath = /^\/v1\/operators\/[^/]+\/clients\/[^/]+\/users\/(.*)$/s;
const namePath = /^\/v1\/operators\/[^/]+\/(planStatuses|planGroups)\/(.+)$/s;
const rpcPath = /^\/mobiledataplansharing\.(?:serving\.)?v1\./;
const operatorPath = /^\/+v1\/+operators\//;

/**
 * Returns what is probably wrong with a path that no method has but that looks like one of the contract: mostly a user
 * key with characters that are not percent-encoded. Returns undefined for all other paths. The text does not contain the
 * path, whose user key must not get into logs.
 */
export function explainUnknownPath(path: string): string | undefined {
  const [, afterUsers] = userPath.exec(path) ?? [];
  if (afterUsers !== undefined) {
    return explainUserPath(afterUsers);
  }
  const [, collection, id] = namePath.exec(path) ?? [];
  if (id !== undefined && /[^/]\/./s.test(id)) {
    return unescapedSlash(collection === "planGroups" ? "planGroupId" : "userKey");
  }
  if (rpcPath.test(path)) {
    return "the service or the method is misspelt; their names are case-sensitive";
  }
  if (/^\/+operators\//.test(path)) {
    return "it must begin with /v1/";
  }
  return operatorPath.test(path) && /\/\/|\/$/.test(path)
    ? "it must not contain // or end with /"
    : undefined;
}

function explainUserPath(afterUsers: string): string | undefined {
  const [, userKey, end] = /^(.*)\/planStatus(\/?)$/s.exec(`/${afterUsers}`) ?? [];
  switch (userKey) {
    case undefined:
      return "it must end with /planStatus; in the userKey, percent-encode / as %2F, ? as %3F and # as %23";
    case "":
    case "/":
      return "the userKey is empty";
    default:
      return end === "/" && !userKey.includes("/", 1)
        ? "it must not contain // or end with /"
        : unescapedSlash("userKey");
  }
}

function unescapedSlash(field: string): string {
  return `percent-encode / in the ${field} as %2F; if you do, a proxy decodes it before it forwards the request`;
}
