/** One segment of a path template: fixed text, `*` for exactly one segment, `**` for any number of segments. */
export type TemplateSegment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "*" }
  | { readonly kind: "**" };

/** A variable: the segments from index `start` up to, but not including, `end` are the value of the field. */
export type TemplateVariable = {
  /** Path of field names, as spelled in the template. */
  readonly fieldPath: readonly string[];
  readonly start: number;
  readonly end: number;
  /** Whether the value may contain several segments. If so, `%2F` in it is not decoded. */
  readonly multiSegment: boolean;
};

/** A parsed template of google.api.http, such as `/v1/{parent=operators/*}/planStatuses:check`. */
export type PathTemplate = {
  readonly source: string;
  readonly segments: readonly TemplateSegment[];
  readonly variables: readonly TemplateVariable[];
  /** Text after the final colon. */
  readonly verb: string | undefined;
};

/** Thrown for an invalid path template. The message contains the template, the column and the problem. */
export class PathTemplateError extends Error {
  override readonly name = "PathTemplateError";
  constructor(source: string, column: number, problem: string) {
    super(`path template ${JSON.stringify(source)}, column ${column + 1}: ${problem}`);
  }
}

const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const literalText = /(?:[A-Za-z0-9\-._~!$&'()+,;=@]|%[0-9A-Fa-f]{2})+/y;

/**
 * Parses a path template. The grammar is that of google/api/http.proto,
 *
 *     Template = "/" Segments [ Verb ] ;
 *     Segments = Segment { "/" Segment } ;
 *     Segment  = "*" | "**" | LITERAL | Variable ;
 *     Variable = "{" FieldPath [ "=" Segments ] "}" ;
 *     FieldPath = IDENT { "." IDENT } ;
 *     Verb     = ":" LITERAL ;
 *
 * with at most one `**`. Unlike that file's prose, this parser allows literals behind `**`, which some APIs use. It does
 * not allow wildcards there, because the path could then be divided in more than one way. Throws PathTemplateError.
 */
export function parsePathTemplate(source: string): PathTemplate {
  const segments: TemplateSegment[] = [];
  const variables: TemplateVariable[] = [];
  let at = 0;
  /** The first `**`, with its variable: nothing but literals may follow. */
  let doubleStar: string | undefined;

  const fail = (problem: string): never => {
    throw new PathTemplateError(source, at, problem);
  };
  const take = (text: string): boolean => {
    const found = source.startsWith(text, at);
    at += found ? text.length : 0;
    return found;
  };
  const read = (pattern: RegExp, expected: string): string => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0] ?? fail(`expected ${expected}`);
    at += text.length;
    return text;
  };
  const readLiteral = () => {
    const start = at;
    const text = read(literalText, "a literal, *, ** or {");
    try {
      return decodeURIComponent(text);
    } catch {
      at = start;
      return fail("the escapes of this literal are not UTF-8");
    }
  };

  /** `shown`: the wildcard in messages, with its variable. */
  const addWildcard = (kind: "*" | "**", shown: string) => {
    if (doubleStar !== undefined) {
      fail(`${shown} cannot follow ${doubleStar}: only literals can follow **`);
    }
    doubleStar = kind === "**" ? shown : undefined;
    segments.push({ kind });
  };

  /** `variable`: name of the variable that contains the segment. */
  const readSegment = (variable?: string) => {
    const wildcard = (["**", "*"] as const).find((kind) => source.startsWith(kind, at));
    if (wildcard !== undefined) {
      addWildcard(wildcard, variable === undefined ? wildcard : `{${variable}=${wildcard}}`);
      at += wildcard.length;
    } else if (source[at] === "{") {
      if (variable !== undefined) {
        fail("a variable cannot contain a variable");
      }
      readVariable();
    } else {
      segments.push({ kind: "literal", text: readLiteral() });
    }
  };

  const readVariable = () => {
    const opening = at;
    at += 1;
    const fieldPath = [read(identifier, "a field name")];
    while (take(".")) {
      fieldPath.push(read(identifier, "a field name"));
    }
    const name = fieldPath.join(".");
    if (variables.some((other) => other.fieldPath.join(".") === name)) {
      at = opening;
      fail(`{${name}} occurs twice`);
    }
    const start = segments.length;
    if (take("=")) {
      do {
        readSegment(name);
      } while (take("/"));
    } else {
      addWildcard("*", `{${name}}`);
    }
    if (!take("}")) {
      fail("expected }");
    }
    const own = segments.slice(start);
    const multiSegment = own.length > 1 || own[0]?.kind === "**";
    variables.push({ fieldPath, start, end: segments.length, multiSegment });
  };

  if (!take("/")) {
    fail("expected /");
  }
  do {
    readSegment();
  } while (take("/"));
  const verb = take(":") ? readLiteral() : undefined;
  if (at < source.length) {
    fail("expected / or the end");
  }
  return { source, segments, variables, verb };
}
