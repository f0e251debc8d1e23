/**
 * A path of google.api.http, whose grammar is
 *
 *     Template = "/" Segments [ Verb ] ;
 *     Segments = Segment { "/" Segment } ;
 *     Segment  = "*" | "**" | LITERAL | Variable ;
 *     Variable = "{" FieldPath [ "=" Segments ] "}" ;
 *     FieldPath = IDENT { "." IDENT } ;
 *     Verb     = ":" LITERAL ;
 *
 * as OpenAPI writes it. A parameter there is one segment, so a variable of several segments becomes several parameters.
 */
export type PathTemplate = {
  /** `/v1/operators/{asnId}/planStatuses` for `/v1/{parent=operators/*}/planStatuses`. */
  readonly path: string;
  readonly parameters: readonly PathParameter[];
};

export type PathParameter = {
  readonly name: string;
  /** Field path of the variable. */
  readonly field: string;
  /** Segments of the variable: `["operators", "*"]`. */
  readonly segments: readonly string[];
  /** Index of the parameter's segment in `segments`. */
  readonly index: number;
};

/** Converts a template. Parameters get their names from the matching resource pattern (`operators/{asn_id}`), if any. */
export function parsePathTemplate(
  template: string,
  resourcePatterns: readonly (readonly string[])[],
): PathTemplate {
  const parameters: PathParameter[] = [];
  const path = template.replaceAll(
    /\{([^}=]+)(?:=([^}]*))?\}/g,
    (_, field: string, text: string | undefined) => {
      const segments = (text ?? "*").split("/");
      const names = segmentNames(field, segments, resourcePatterns);
      return segments
        .map((segment, index) => {
          const name = names[index];
          if (name === undefined) {
            return segment;
          }
          parameters.push({ name, field, segments, index });
          return `{${name}}`;
        })
        .join("/");
    },
  );
  if (/\*/.test(path)) {
    throw new Error(`${template}: OpenAPI cannot describe a wildcard without a variable`);
  }
  const names = parameters.map(({ name }) => name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) {
    throw new Error(`${template}: two parameters are named ${duplicate}`);
  }
  return { path, parameters };
}

/** Returns the name of the parameter at each segment; undefined for a literal. */
function segmentNames(
  field: string,
  segments: readonly string[],
  resourcePatterns: readonly (readonly string[])[],
): (string | undefined)[] {
  if (segments.length === 1) {
    return [isWildcard(segments[0]) ? lowerCamel(field) : undefined];
  }
  const pattern = resourcePatterns.find(
    (candidate) =>
      candidate.length === segments.length &&
      segments.every((segment, index) =>
        segment === "*" ? isVariable(candidate[index]) : segment === candidate[index],
      ),
  );
  return segments.map((segment, index) => {
    if (!isWildcard(segment)) {
      return undefined;
    }
    return lowerCamel(pattern?.[index]?.slice(1, -1) ?? `${field}_${index}`);
  });
}

function isWildcard(segment: string | undefined): boolean {
  return segment === "*" || segment === "**";
}

function isVariable(segment: string | undefined): boolean {
  return segment?.startsWith("{") === true;
}

function lowerCamel(name: string): string {
  return name.replaceAll(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
