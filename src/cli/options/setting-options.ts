import { type Command, Help, Option } from "commander";
import { defaultOf } from "../../config/defaults.ts";
import type { GivenFlags } from "../../config/flag-layer.ts";
import { type Flag, flags } from "../../config/flags.ts";
import { type Setting, settings } from "../../config/settings.ts";
import { defaultDataDirectory } from "./data-directory.ts";

type Shown = { readonly setting: Setting; readonly flag: Flag; readonly option: Option };

/**
 * Adds the flags of settings, `--set` and `--config` to a command. They are not read from the environment as other
 * options are, but by `readConfig`, which remembers where each value comes from. The help shows variable and default.
 */
export function addSettingOptions(command: Command): Command {
  const shown = settingOptions();
  for (const { option } of shown) {
    command.addOption(option);
  }
  command
    .addOption(
      new Option(
        "--set <path=value>",
        "any setting, such as limits.maxInFlight=100; may be repeated",
      ).argParser(append),
    )
    .option("--config <file>", "file with settings, YAML or JSON");
  command.createHelp = () =>
    Object.assign(new Help(), command.configureHelp(), {
      optionDescription: (option: Option) => {
        const found = shown.find((each) => each.option === option);
        return Help.prototype.optionDescription(found ? inHelp(found) : option);
      },
    });
  return command;
}

/** Returns what the command line of such a command gives. */
export function givenFlags(command: Command): GivenFlags {
  const values = settingOptions().flatMap(({ setting, option }) => {
    const name = option.attributeName();
    return command.getOptionValueSource(name) === "cli"
      ? [[setting.path, command.getOptionValue(name)] as const]
      : [];
  });
  return { values: new Map(values), sets: command.getOptionValue("set") ?? [] };
}

/** Returns all variables that the options of a program may come from. */
export function variablesOf(command: Command): ReadonlySet<string> {
  return new Set([
    ...command.options.flatMap(({ envVar }) => envVar ?? []),
    ...command.commands.flatMap((each) => [...variablesOf(each)]),
  ]);
}

function settingOptions(): Shown[] {
  return Object.entries(flags).flatMap(([path, flag]) => {
    const setting = settings.find((each) => each.path === path);
    return setting ? [{ setting, flag, option: optionOf(setting, flag) }] : [];
  });
}

function optionOf({ readItem, choices }: Setting, { long, value, description }: Flag): Option {
  const option = new Option(value === undefined ? long : `${long} ${value}`, description);
  if (readItem) {
    option.argParser(append);
  }
  if (choices.length > 0) {
    // For help and completion only: the schema refuses others, with all else that is wrong.
    option.argChoices = [...choices];
  }
  return option;
}

function inHelp({ setting, flag, option }: Shown): Option {
  const copy = new Option(option.flags, option.description).env(setting.variable);
  if (option.argChoices) {
    copy.choices(option.argChoices);
  }
  const value = setting.path === "storage.data" ? defaultDataDirectory() : defaultOf(setting.path);
  const isShown = flag.value !== undefined && value !== undefined && !Array.isArray(value);
  return isShown ? copy.default(value) : copy;
}

function append(text: string, before: string[] = []): string[] {
  return [...before, text];
}
