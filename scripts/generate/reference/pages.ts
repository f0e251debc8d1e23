import { createRegistry, type DescFile } from "@bufbuild/protobuf";
import { descriptionOf, fileDescriptionOf, firstSentence } from "../describe/description.ts";
import { type ErrorReasons, errorReasonsOf, errorSection } from "./errors.ts";
import { createLinks, type Links, pageOf } from "./links.ts";
import { table } from "./markdown.ts";
import { inReadingOrder, typesOf } from "./names.ts";
import { isRequestOf, routesOf, serviceSection } from "./services.ts";
import { comment, enumSection, messageSection, type PageContext } from "./types.ts";

const notice = "<!-- Generated from the protos by `npm run generate`. Do not edit. -->";
const indexPage = "README.md";

/**
 * Returns the pages of the reference by file name: one for each file of the contract, and an index. `protoFolder` is the
 * path from the pages to the protos.
 */
export function referencePages(
  given: readonly DescFile[],
  allFiles: readonly DescFile[],
  about: { readonly title: string; readonly protoFolder: string },
): ReadonlyMap<string, string> {
  const files = inReadingOrder(given);
  const reasons = errorReasonsOf(files);
  const links = createLinks(files, reasons?.enumeration);
  const registry = createRegistry(...allFiles);
  const pages = files.map((file) => {
    const context = { page: pageOf(file), links, registry };
    return [context.page, pageText(file, files, reasons, context, about.protoFolder)] as const;
  });
  return new Map([[indexPage, indexText(files, links, reasons, about.title)], ...pages]);
}

function pageText(
  file: DescFile,
  files: readonly DescFile[],
  reasons: ErrorReasons | undefined,
  context: PageContext,
  protoFolder: string,
): string {
  const methods = files.flatMap(({ services }) => services).flatMap((service) => service.methods);
  const source = `${file.name}.proto`;
  return join([
    notice,
    `# ${titleOf(file)}`,
    `Package \`${file.proto.package}\`, in [${source}](${protoFolder}/${source}). [All pages](${indexPage})`,
    ...comment(fileDescriptionOf(file), context),
    ...file.services.flatMap((service) => serviceSection(service, context)),
    ...typesOf(file).flatMap((type) => {
      if (type.kind === "message") {
        // Requests are below their methods.
        return methods.some((rpc) => isRequestOf(type, rpc)) ? [] : messageSection(type, context);
      }
      return reasons?.enumeration === type
        ? errorSection(reasons, methods, context)
        : enumSection(type, context);
    }),
  ]);
}

/** Returns the title of a page from the name of its file, such as `Plan status service`. */
function titleOf({ name }: DescFile): string {
  const words = name.slice(name.lastIndexOf("/") + 1).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function indexText(
  files: readonly DescFile[],
  links: Links,
  reasons: ErrorReasons | undefined,
  title: string,
): string {
  const types = files.flatMap(typesOf);
  const described = (subject: Parameters<Links["to"]>[0]) => [
    links.to(subject, indexPage),
    links.prose(firstSentence(descriptionOf(subject)), indexPage),
  ];
  return join([
    notice,
    `# ${title}: reference`,
    "Every service, message, enum and error of the contract, from the comments and rules of its protos. To try the API, start with [the tour](../getting-started.md).",
    "JSON is that of Protobuf (proto3): field names are lowerCamelCase, 64-bit integers are strings, times are RFC 3339, enums are names. Requests may also use the names of the protos. A table shows both names of a field if they differ.",
    "## Methods",
    table(
      ["method", "over REST", ""],
      files
        .flatMap(({ services }) => services)
        .flatMap((service) => service.methods)
        .toSorted((a, b) => Number(a.deprecated) - Number(b.deprecated))
        .map((rpc) => [
          links.prose(rpc.name, indexPage),
          routesOf(rpc).join("\n"),
          links.prose(firstSentence(descriptionOf(rpc)), indexPage),
        ]),
    ),
    "## Services",
    table(["service", ""], files.flatMap(({ services }) => services).map(described)),
    "## Messages",
    table(["message", ""], types.filter(({ kind }) => kind === "message").map(described)),
    "## Enums",
    table(["enum", ""], types.filter(({ kind }) => kind === "enum").map(described)),
    ...(reasons === undefined
      ? []
      : [
          "## Error reasons",
          reasons.enumeration.values
            .filter(({ number }) => number !== 0)
            .map(({ name }) => links.toReason(name, indexPage))
            .join(", "),
        ]),
  ]);
}

function join(blocks: readonly string[]): string {
  return `${blocks.join("\n\n")}\n`;
}
