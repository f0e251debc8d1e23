import type { Fault, Layer, Source } from "./layer.ts";
import { nearest } from "./nearest.ts";
import { pathVariable, settings } from "./settings.ts";
import { readInto } from "./text-layer.ts";

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads what the environment gives. A variable that is empty counts as not set. */
export function environmentLayer(environment: Environment): Layer {
  return readInto(
    settings.flatMap((setting) => {
      const text = environment[setting.variable];
      return text ? [{ setting, text, source: sourceOf(setting.variable), hint: serviceHint(text) }] : [];
    }),
  );
}

/** What Kubernetes sets in every pod for a service, here one whose name begins with `mdps`. */
const serviceVariable = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** Says whether a text is what Kubernetes gives as the port of a service: `tcp://10.0.0.1:8080`. */
function isServicePort(text: string | undefined): boolean {
  return text !== undefined && /^(tcp|udp|sctp):\/\//.test(text);
}

/**
 * Finds variables that were meant for settings and are none: those that begin like the path of one, MDPS_LIMITS_…, and
 * those that differ from one by a slip. Others whose names begin with MDPS_ are somebody else's.
 *
 * @param known - Variables with another meaning: those of other commands, and one that has a secret.
 */
export function unknownVariables(environment: Environment, known: ReadonlySet<string>): Fault[] {
  const variables = settings.map(({ variable }) => variable);
  const sections = [...new Set(settings.map(({ path }) => pathVariable(path.replace(/\..*/, ""))))];
  return Object.keys(environment)
    .filter((name) => name.startsWith("MDPS_") && !variables.includes(name) && !known.has(name))
    .filter((name) => environment[name] && !serviceVariable.test(name) && !isServicePort(environment[name]))
    .flatMap((name) => {
      const meant =
        settings.find(({ path, flag }) => pathVariable(path) === name || flagVariable(flag?.long) === name)
          ?.variable ?? nearestVariable(name, variables);
      const isPath = sections.some((section) => name.startsWith(`${section}_`));
      return meant === undefined && !isPath
        ? []
        : [
            {
              source: sourceOf(name),
              path: "",
              message: `there is no such setting${meant === undefined ? "" : `; did you mean ${meant}?`}`,
            },
          ];
    });
}

/** MDPS_NO_REFLECTION, of which somebody may think who knows the flag. */
function flagVariable(long: string | undefined): string | undefined {
  return long && `MDPS_${long.slice(2).replaceAll("-", "_").toUpperCase()}`;
}

function nearestVariable(name: string, variables: readonly string[]): string | undefined {
  const bare = variables.map((variable) => variable.slice("MDPS_".length));
  const found = nearest(name.slice("MDPS_".length), bare);
  return found && `MDPS_${found}`;
}

function serviceHint(text: string): string {
  return isServicePort(text)
    ? " Kubernetes sets it for a service of that name, unless the pod says enableServiceLinks: false."
    : "";
}

function sourceOf(name: string): Source {
  return { layer: "environment", name };
}
