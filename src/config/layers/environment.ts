import { closestMatch, didYouMean } from "../../contract/unknown-names/did-you-mean.ts";
import { flagVariable } from "../flags.ts";
import type { Layer, Problem, Source } from "../layer.ts";
import { pathVariable, settings } from "../settings.ts";
import { parseTexts } from "./parse-texts.ts";

/** Variables by name, like `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings in the environment. Ignores empty variables. */
export function environmentLayer(environment: Environment): Layer {
  return parseTexts(
    settings.flatMap((setting) => {
      const text = environment[setting.variable];
      return text ? [{ setting, text, source: sourceOf(setting.variable), hint: serviceHint(text) }] : [];
    }),
  );
}

/** Matches variables that Kubernetes sets in every pod for each service, such as `MDPS_SERVICE_HOST` for `mdps`. */
const serviceVariable = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** Whether a text is the port of a service as Kubernetes sets it: `tcp://10.0.0.1:8080`. */
function isServicePort(text: string | undefined): boolean {
  return text !== undefined && /^(tcp|udp|sctp):\/\//.test(text);
}

/**
 * Finds misspelled variables: those that begin like the path of a section (`MDPS_LIMITS_…`) and those that are similar
 * to the variable of a setting. Other variables that begin with `MDPS_` are ignored.
 *
 * @param known - Variables with another purpose: those of other commands, and that of the introspection secret.
 */
export function unknownVariables(environment: Environment, known: ReadonlySet<string>): Problem[] {
  const variables = settings.map(({ variable }) => variable);
  const sections = [...new Set(settings.map(({ path }) => pathVariable(path.replace(/\..*/, ""))))];
  return Object.keys(environment)
    .filter((name) => name.startsWith("MDPS_") && !variables.includes(name) && !known.has(name))
    .filter((name) => environment[name] && !serviceVariable.test(name) && !isServicePort(environment[name]))
    .flatMap((name) => {
      // Users of --no-reflection may expect MDPS_NO_REFLECTION.
      const meant =
        settings.find(
          ({ path, flag }) => name === pathVariable(path) || name === (flag && flagVariable(flag.long)),
        )?.variable ?? closestVariable(name, variables);
      const isPath = sections.some((section) => name.startsWith(`${section}_`));
      return meant === undefined && !isPath
        ? []
        : [{ source: sourceOf(name), path: "", message: `unknown setting${didYouMean(meant)}` }];
    });
}

function closestVariable(name: string, variables: readonly string[]): string | undefined {
  // Without the common prefix, which would make all of them similar.
  const bare = (variable: string) => variable.slice("MDPS_".length);
  const found = closestMatch(bare(name), variables.map(bare));
  return found && `MDPS_${found}`;
}

function serviceHint(text: string): string {
  return isServicePort(text)
    ? " Kubernetes sets this variable for a service of the same name: set enableServiceLinks: false in the pod spec."
    : "";
}

function sourceOf(name: string): Source {
  return { layer: "environment", name };
}
